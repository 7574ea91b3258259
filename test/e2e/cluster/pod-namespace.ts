// A name for the network namespace of a real pod, so that a test can open sockets in there without starting anything in the pod.
import { readdirSync, readFileSync } from 'node:fs'
import { ipBatch } from '../../lab/namespace.ts'

/**
 * @param name of the namespace from now on; whoever named it deletes it
 * @param containerId as in a pod's status, without `containerd://`
 */
export function namePodNamespace(name: string, containerId: string): void {
  const pid = readdirSync('/proc').find((entry) => /^\d+$/.test(entry) && cgroupOf(entry).includes(containerId))
  if (pid === undefined) throw new Error(`no process of container ${containerId}`)
  ipBatch(undefined, [`netns attach ${name} ${pid}`])
}

function cgroupOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, 'utf8')
  } catch {
    return '' // it has just ended
  }
}
