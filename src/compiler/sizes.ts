// How large what the compiler keeps is, for metrics and benchmarks.
import type { LocalPods } from './endpoints/local-pods.ts'
import type { Realms } from './realms.ts'

export interface CompilerSizes {
  readonly pods: number
  readonly groups: number
  readonly localPods: number
  readonly activePolicies: number
  readonly classes: number
  readonly tables: number
  readonly lists: number
}

export function sizesOf(realms: Realms, localPods: LocalPods, activePolicies: number): CompilerSizes {
  const { peers } = realms.network
  const all = realms.all()
  return {
    pods: peers.pods.size,
    groups: peers.groups.size,
    localPods: localPods.size,
    activePolicies,
    classes: all.reduce((sum, realm) => sum + realm.peers.classes.size, 0),
    tables: all.reduce((sum, { size }) => sum + size, 0),
    lists: all.reduce((sum, { lists }) => sum + lists.size, 0),
  }
}
