// What a cluster or an API server has left on the machine; nothing, if they are closed properly.
import { readdirSync, readFileSync } from 'node:fs'
import { listNamespaces } from '../../../lab/namespace.ts'
import { cgroupsNamed } from './cgroups.ts'

/** @param prefix of all names of the maker's @returns descriptions of what is still there */
export function leftoversOf(prefix: string): string[] {
  return [
    ...listNamespaces().filter((name) => name.startsWith(prefix)).map((name) => `namespace ${name}`),
    ...readFileSync('/proc/mounts', 'utf8').split('\n').filter((line) => line.includes(prefix)).map((line) => `mount ${line}`),
    ...cgroupsNamed(prefix).map((folder) => `cgroup ${folder}`),
    ...processesNaming(prefix).map((line) => `process ${line}`),
  ]
}

function processesNaming(prefix: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => `${pid} ${commandLine(pid)}`)
    .filter((line) => line.includes(prefix))
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
  } catch {
    return '' // it has just ended
  }
}
