// What is run in each machine: the tests that speak with the kernel, and those of guest/, which need devices that only these kernels have.
import { globSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { REPOSITORY } from './root.ts'

const PATTERNS = [
  'test/kernels/guest/*.test.ts',
  'test/netlink/**/*.test.ts',
  'test/lab/{namespace,prober}.test.ts',
  'test/packets/**/*.test.ts',
  'test/guard/*.test.ts',
  'test/counters/ledger.test.ts',
  'test/agent/{agent,restart,replacements,tampering,kill,kernel-watch,one-at-a-time,open-connections}.test.ts',
]

/** Of these, what another processor may change: bytes and their order, and whether all works together. */
const CORE = [
  'test/kernels/guest/{demo,sctp}.test.ts',
  'test/netlink/libc.test.ts',
  'test/netlink/nf-tables/{capabilities,fake,golden,listing,owner,packets,round-trip}.test.ts',
  'test/netlink/route/{state,tables,veths}.test.ts',
  'test/packets/{situations,bridge}.test.ts',
  'test/guard/*.test.ts',
]

/** @param named files or folders; none: all @returns paths in the repository */
export function filesOf(named: readonly string[], isCore = false): string[] {
  const files = globSync(isCore ? CORE : PATTERNS, { cwd: REPOSITORY }).sort()
  const chosen = files.filter((file) => named.length === 0 || named.some((name) => file === name || file.startsWith(`${name}/`)))
  if (chosen.length === 0) throw new Error(`no test of these machines is in ${named.join(', ')}`)
  return chosen
}

/** guest/jest.config.js reads it. */
export function writeFiles(project: string, files: readonly string[]): void {
  writeFileSync(join(project, 'test/kernels/guest/files.json'), JSON.stringify(files))
}
