// A container's process as the machine sees it, and a name for the network namespace of its pod, so that a test can open sockets in
// there without starting anything in the pod.
import { readdirSync, readFileSync } from 'node:fs'
import { ipBatch } from '../../../lab/namespace.ts'

/**
 * @param name of the namespace from now on; whoever named it deletes it
 * @param containerId as in a pod's status
 */
export function namePodNamespace(name: string, containerId: string): void {
  ipBatch(undefined, [`netns attach ${name} ${processOf(containerId)}`])
}

/** @param containerId as in a pod's status: `containerd://...` @returns the pid of one of its processes */
export function processOf(containerId: string): string {
  const id = containerId.replace(/^.*:\/\//, '')
  const pid = readdirSync('/proc').find((entry) => /^\d+$/.test(entry) && cgroupOf(entry).includes(id))
  if (pid === undefined) throw new Error(`no process of container ${id}`)
  return pid
}

function cgroupOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, 'utf8')
  } catch {
    return '' // it has just ended
  }
}
