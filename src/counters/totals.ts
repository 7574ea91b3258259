// What the kernel's counters add up to, per policy and per pod: what metrics show.
import type { PodKey, PolicyKey } from '../cluster/objects.ts'
import type { Direction } from '../policy/types.ts'
import type { DeniedBy, HitAction } from '../policy/verdict.ts'

/** Packets since the policy or pod exists; never less than it was. */
interface Total<K> {
  readonly key: K
  readonly direction: Direction
  readonly packets: number
}

export interface PolicyTotal extends Total<PolicyKey> {
  readonly action: HitAction
}

export interface DeniedTotal extends Total<PodKey> {
  readonly by: DeniedBy
}

export interface HitTotals {
  /** Packets that opened or tried to open a connection, and on which the policy had a say; every policy that applies to a local pod, also at 0. */
  readonly policies: readonly PolicyTotal[]
  /** Packets that no policy allows, from or to isolated pods of this node; also at 0. */
  readonly denied: readonly DeniedTotal[]
  /** Packets with an address that is not the pod's. */
  readonly spoofed: number
  /** Frames that the bridge table dropped because they could get past the policies. */
  readonly stray: number
  /** Packets that pods sent to a tunnel of this node. */
  readonly tunnelled: number
}
