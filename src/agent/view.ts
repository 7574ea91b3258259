// What those who watch may ask the agent: sizes, problems, and who was hit how often.
import type { Warning } from '../advice/warning.ts'
import type { PodKey, PolicyKey } from '../cluster/objects.ts'
import type { Problem } from '../cluster/change.ts'
import type { CompilerSizes } from '../compiler/compiler.ts'
import type { SetName } from '../nftables/schema.ts'
import type { Direction } from '../policy/types.ts'

/** What a policy did to a connection: NetworkPolicies accept only. */
export type HitAction = 'accept' | 'deny' | 'pass'
/** Why a packet was denied: isolated by NetworkPolicies of which none allows it, or by a ClusterNetworkPolicy of this tier. */
export type DeniedBy = 'isolation' | 'admin' | 'baseline'

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
}

export interface AgentView {
  /** Everything was read, and is in the kernel. Stays so. */
  readonly isReady: boolean
  /** When the agent's checks ran last, by performance.now(); undefined: it has not started enforcing yet. */
  readonly checkedAtMs: number | undefined
  /** Since when nothing has come out of what is being done to the kernel, by performance.now(); undefined: nothing is being done. */
  readonly busySinceMs: number | undefined
  /** Since when something that is wanted is not in force, by performance.now(); undefined: all is in force. */
  readonly staleSinceMs: number | undefined
  readonly sizes: CompilerSizes
  readonly problems: readonly Problem[]
  /** What policies cannot do although they seem to. */
  readonly warnings: readonly Warning[]
  /** Pods of this node that are isolated for the direction. */
  isolatedPods(direction: Direction): number
  /** Pods of this node whose veth is not known. */
  readonly unguardedPods: number
  /** Elements wanted in each set. */
  setSizes(): ReadonlyMap<SetName, number>
  /**
   * From the kernel's counters as they are now.
   * @returns undefined until the agent is ready: what it counted in an earlier life is not known before
   * @throws NetlinkError, VethguardError
   */
  hits(): Promise<HitTotals | undefined>
}
