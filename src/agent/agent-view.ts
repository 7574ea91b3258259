// What others may ask of the agent: for metrics and probes.
import type { Warning } from '../advice/warning.ts'
import type { Problem } from '../cluster/change.ts'
import { podKey } from '../cluster/objects.ts'
import type { Compiler } from '../compiler/compiler.ts'
import type { CompilerSizes } from '../compiler/sizes.ts'
import { SET_NAMES, type SetName } from '../nftables/schema.ts'
import type { AgentObserver } from './observer.ts'
import { failureCode } from '../base/failure-code.ts'
import type { HitTotals } from '../counters/totals.ts'
import type { AgentView } from './view.ts'
import type { Direction } from '../policy/types.ts'
import type { Desired } from './desired.ts'
import type { Ledger } from '../counters/ledger.ts'
import type { NodeBindings } from '../guard/node-bindings.ts'
import type { PolicyReports } from '../report/policy-reports.ts'
import type { Problems } from '../report/problems.ts'

/** How it goes, as of the call. */
export interface Progress extends Pick<AgentView, 'isReady' | 'checkedAtMs' | 'busySinceMs' | 'staleSinceMs'> {
  readonly isStopped: boolean
}

export interface ViewOptions {
  readonly progress: () => Progress
  readonly compiler: Compiler
  readonly desired: Desired
  readonly node: NodeBindings
  readonly ledger: Ledger
  readonly problems: Problems
  readonly reports: PolicyReports
  readonly observer: AgentObserver
}

export class View implements AgentView {
  readonly #options: ViewOptions

  constructor(options: ViewOptions) {
    this.#options = options
  }

  get isReady(): boolean {
    return this.#options.progress().isReady
  }

  get checkedAtMs(): number | undefined {
    return this.#options.progress().checkedAtMs
  }

  get busySinceMs(): number | undefined {
    return this.#options.progress().busySinceMs
  }

  get staleSinceMs(): number | undefined {
    return this.#options.progress().staleSinceMs
  }

  get sizes(): CompilerSizes {
    return this.#options.compiler.sizes
  }

  get unguardedPods(): number {
    return this.#options.node.unguarded
  }

  get problems(): readonly Problem[] {
    return [...this.#options.problems.all(), ...this.#options.reports.problems]
  }

  get warnings(): readonly Warning[] {
    return this.#options.reports.warnings
  }

  isolatedPods(direction: Direction): number {
    const { compiler } = this.#options
    return compiler.localPods().filter((pod) => compiler.isIsolated(podKey(pod), direction)).length
  }

  setSizes(): ReadonlyMap<SetName, number> {
    return new Map(SET_NAMES.map((set) => [set, this.#options.desired.elements(set).size]))
  }

  async hits(): Promise<HitTotals | undefined> {
    const { progress, ledger, observer } = this.#options
    if (!progress().isReady) return undefined
    try {
      return await ledger.poll()
    } catch (error) {
      if (progress().isStopped) return undefined // nothing can be read any more
      observer.failed?.('counters', failureCode(error))
      throw error
    }
  }
}
