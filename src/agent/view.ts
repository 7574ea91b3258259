// What those who watch may ask the agent: sizes, problems, and who was hit how often.
import type { Warning } from '../advice/warning.ts'
import type { Problem } from '../cluster/change.ts'
import type { CompilerSizes } from '../compiler/sizes.ts'
import type { HitTotals } from '../counters/totals.ts'
import type { SetName } from '../nftables/schema.ts'
import type { Direction } from '../policy/types.ts'

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
