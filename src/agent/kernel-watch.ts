// Checks that the kernel keeps what the agent committed. No other process can change tables that the agent owns (kernel 6.9). Of other tables
// each check asks whether they are the same ones, and after a commit by another process the agent compares their content. All tables
// are compared now and then.
import type { Logger } from 'pino'
import type { BackendState, KernelReader } from '../nftables/backend.ts'
import type { AgentObserver } from './observer.ts'
import { failureCode } from '../base/failure-code.ts'
import { isBlurred, type Remedy, remedyFor, type Suspects, suspectsIn } from './comparison.ts'
import type { Committer } from './committer.ts'
import { OutageLog } from '../base/outage-log.ts'
import type { Desired } from './desired.ts'
import type { OneAtATime } from './one-at-a-time.ts'

const DEFAULT_COMPARE_SECONDS = 180

/** Other processes may commit all the time (kube-proxy does): comparisons take at most this share of the time. */
const LARGEST_SHARE = 0.1

/** After a comparison that failed. */
const AGAIN_MS = 1000

export interface KernelWatchOptions {
  readonly reader: KernelReader
  readonly committer: Committer
  readonly desired: Desired
  readonly work: OneAtATime
  readonly compareSeconds?: number | undefined
  readonly observer: AgentObserver
  readonly log: Logger
}

export class KernelWatch {
  readonly #options: KernelWatchOptions
  readonly #compareMs: number
  #comparing = false
  #lastComparison = { startedAt: performance.now(), endedAt: performance.now() }
  /** Another process has committed since the last comparison, or that one could not see everything. */
  #isInDoubt = false
  /** No comparison before, by performance.now(). */
  #notBeforeMs = 0
  #isClosed = false
  readonly #outages: { readonly state: OutageLog; readonly comparison: OutageLog }

  constructor(options: KernelWatchOptions) {
    this.#options = options
    this.#compareMs = (options.compareSeconds ?? DEFAULT_COMPARE_SECONDS) * 1000
    const outage = (endMessage: string): OutageLog => new OutageLog(options.log, { level: 'error', endMessage })
    this.#outages = { state: outage('the kernel tells about the tables again'), comparison: outage('the kernel can be compared again') }
  }

  /** Ends a running comparison without a log line: its reader is about to be closed. */
  close(): void {
    this.#isClosed = true
  }

  /** To be called often, while nothing is being committed. Cheap: a comparison runs in the background. */
  check(): void {
    const { reader, committer, work, observer, log } = this.#options
    try {
      const state = reader.state()
      this.#outages.state.end()
      if (!committer.isInForce(state)) {
        log.error('another process removed or replaced the tables; recreating them')
        work.waitFor(committer.rebuild('handle'))
        return
      }
      this.#note(state)
      if (this.#isDue()) void this.#compare()
    } catch (err) {
      observer.failed?.('compare', failureCode(err))
      this.#outages.state.report('the kernel does not tell whether the tables are still there', err)
    }
    work.waitFor(committer.keepPast())
  }

  #note({ generation, tables }: BackendState): void {
    const { committer } = this.#options
    if (generation === committer.generation) return
    committer.setGeneration(generation)
    const isOurs = [...tables.values()].every(({ owner }) => owner === 'self')
    if (!isOurs) this.#isInDoubt = true
  }

  #isDue(): boolean {
    if (this.#comparing || performance.now() < this.#notBeforeMs) return false
    const { startedAt, endedAt } = this.#lastComparison
    const sinceMs = performance.now() - endedAt
    return sinceMs >= this.#compareMs || (this.#isInDoubt && sinceMs >= (endedAt - startedAt) * (1 / LARGEST_SHARE - 1))
  }

  /** Never rejects. */
  async #compare(): Promise<void> {
    const { reader, desired, work } = this.#options
    this.#comparing = true
    this.#isInDoubt = false
    const startedAt = performance.now()
    try {
      const suspects = this.#isStructureWhole() ? await suspectsIn(reader, (set) => desired.elements(set)) : undefined
      await work.whenIdle(() => this.#repair(suspects))
      this.#outages.comparison.end()
    } catch (err) {
      if (!this.#isClosed) this.#failed(err)
    }
    this.#comparing = false
    this.#lastComparison = { startedAt, endedAt: performance.now() }
  }

  #failed(err: unknown): void {
    this.#options.observer.failed?.('compare', failureCode(err))
    this.#outages.comparison.report('the kernel cannot be compared with what it should have; it is tried again', err)
    this.#isInDoubt = true
    this.#notBeforeMs = performance.now() + AGAIN_MS
  }

  #isStructureWhole(): boolean {
    return this.#options.committer.isStructure(this.#options.reader.structure())
  }

  /** @param suspects undefined: the structure is not what it was */
  #repair(suspects: Suspects | undefined): void {
    const { committer, work, log } = this.#options
    const remedy = this.#remedyFor(suspects)
    if (remedy === 'everything') {
      log.error('another process changed the tables, or emptied some of their sets; recreating them')
      work.waitFor(committer.rebuild('content'))
    } else if (remedy !== undefined) {
      log.error({ sets: [...remedy.sets.keys()] }, 'another process changed elements of the tables; repairing them')
      work.waitFor(committer.repair(remedy))
    } else if (suspects !== undefined && isBlurred(suspects)) this.#isInDoubt = true
  }

  #remedyFor(suspects: Suspects | undefined): Remedy | undefined {
    const { reader, desired } = this.#options
    if (!this.#isStructureWhole()) return 'everything'
    return suspects && remedyFor(suspects, reader, (set) => desired.elements(set))
  }
}
