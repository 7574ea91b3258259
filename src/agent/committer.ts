// Commits to the kernel what the compiler wants: deltas as they come; whole tables at the start, after a failure, and when another
// process has removed them. Counters go on from what they had.
import type { Logger } from 'pino'
import { isPast } from '../compiler/counter-names.ts'
import type { Backend, BackendState } from '../nftables/backend.ts'
import type { Content, CounterName, Delta } from '../nftables/content.ts'
import type { Ledger } from '../counters/ledger.ts'
import type { AgentObserver, Commit, RepairReason } from './observer.ts'
import { Backoff } from '../base/backoff.ts'
import { failureCode } from '../base/failure-code.ts'
import { OutageLog } from '../base/outage-log.ts'
import { sleep as sleepByClock, type Sleep } from '../base/sleep.ts'
import { VethguardError } from '../base/errors.ts'
import { type CounterValue, replace, type Transaction, update, ZERO } from '../nftables/transaction.ts'
import { render } from '../nftables/render.ts'
import { elementsIn, summaryOf } from './summary.ts'

const RETRY = { firstMs: 100, longestMs: 10_000 } as const
/** The part of the wait between two attempts that passes in any case: changes may come all the time, and each attempt is a whole table. */
const LEAST_SHARE = 1 / 8

const NOTHING: Delta = { sets: new Map(), counters: { added: new Set(), deleted: new Set() } }

/** What a committer knows of a commit. */
export type Committed = Omit<Commit, 'changes' | 'durationMs'>

export interface CommitterOptions {
  readonly backend: Backend
  /** What the kernel should have; stays as it is until the promise of the commit is settled. */
  readonly wanted: () => Promise<Content>
  /** What a person is to read beside a counter. */
  readonly describe: (name: CounterName) => string | undefined
  /** Whether source addresses are guarded. */
  readonly guard: boolean
  readonly ledger: Ledger
  readonly observer: AgentObserver
  /** The tables are about to be created or recreated. */
  readonly onTry: () => void
  /** Waits between two attempts. Default: by the clock. */
  readonly sleep?: Sleep | undefined
  /** The kernel has confirmed. */
  readonly onCommitted: (committed: Committed) => void
  readonly log: Logger
}

export class Committer {
  readonly #options: CommitterOptions
  readonly #stopped = new AbortController()
  /** Ends the wait between two attempts to recreate the tables. */
  #retry: AbortController | undefined
  readonly #outage: OutageLog
  /** The kernel's handles of the tables that were created last. */
  #handles = ''
  /** Their structure as the kernel listed it when they were new. */
  #structure = ''
  #generation = 0
  #brokenSinceMs: number | undefined

  constructor(options: CommitterOptions) {
    this.#options = options
    this.#outage = new OutageLog(options.log, { level: 'error', endMessage: 'the kernel takes the tables again' })
  }

  /** The kernel's generation if no other process has committed since it was set; each commit adds one. */
  get generation(): number {
    return this.#generation
  }

  /** Sets the generation, after another process has committed. */
  setGeneration(generation: number): void {
    this.#generation = generation
  }

  /** Since when the tables are known to be other than they should be, by performance.now(); undefined: they are not. */
  get brokenSinceMs(): number | undefined {
    return this.#brokenSinceMs
  }

  /**
   * Creates the tables; if the kernel refuses, retries until it succeeds.
   * @throws VethguardError NODE_UNFIT, which a retry cannot repair
   */
  async begin(content: Content): Promise<void> {
    try {
      await this.replaceAll(content)
    } catch (error) {
      if (error instanceof VethguardError && error.code === 'NODE_UNFIT') throw error
      await this.#recover(error)
    }
  }

  /** Replaces both tables in one transaction; counters go on from what they had. @throws NetlinkError, VethguardError */
  async replaceAll(content: Content): Promise<void> {
    const { backend, guard, ledger } = this.#options
    const { beginnings, done } = await ledger.forReplacement(content.counters)
    const counters = new Set([...content.counters, ...[...beginnings.keys()].filter(isPast)])
    const transaction = replace({ ...content, counters }, this.#labelled(beginnings), { ...backend.reader.state(), guard })
    this.#tell(transaction)
    const startedAt = performance.now()
    await backend.commit(transaction)
    done()
    const state = backend.reader.state()
    this.#handles = handlesOf(state)
    this.#generation = state.generation
    this.#structure = backend.reader.structure()
    this.#done(transaction, startedAt)
  }

  /**
   * Applies a delta; if the kernel refuses it, recreates the tables until that succeeds. Nothing else may be committed
   * before the promise is settled. Never rejects.
   * @returns undefined when the kernel has confirmed already
   */
  commit(delta: Delta): Promise<void> | undefined {
    return this.#commit(delta, false)
  }

  /** Restores in the kernel what counters had that another process reset or removed. @returns as commit() */
  keepPast(): Promise<void> | undefined {
    return this.#options.ledger.isDue ? this.commit(NOTHING) : undefined
  }

  /** Repairs what another process has changed. @returns as commit() */
  repair(delta: Delta): Promise<void> | undefined {
    return this.#commit(delta, true)
  }

  /** Recreates the tables until that succeeds. Never rejects, but for defects. */
  async rebuild(reason: RepairReason): Promise<void> {
    this.#brokenSinceMs ??= performance.now()
    const backoff = new Backoff(RETRY)
    while (!(await this.#hasRebuilt())) await this.#rest(backoff.next())
    if (this.#isStopped()) return
    this.#brokenSinceMs = undefined
    this.#outage.end()
    this.#options.observer.repaired?.(reason)
    this.#options.log.info('the tables were recreated')
  }

  /** Whether the tables are still those that were created last. */
  isInForce(state: BackendState): boolean {
    return handlesOf(state) === this.#handles
  }

  /** Whether this is the structure of the tables that were created last. */
  isStructure(structure: string): boolean {
    return structure === this.#structure
  }

  /** What is wanted changed: if the kernel refused it, it may take it now. */
  retrySoon(): void {
    this.#retry?.abort()
  }

  stop(): void {
    this.#stopped.abort()
    this.retrySoon()
  }

  /** @param repairs the delta repairs what another process has changed */
  #commit(delta: Delta, repairs: boolean): Promise<void> | undefined {
    const posting = this.#options.ledger.forDelta(delta.counters)
    const beginnings = this.#labelled(new Map(Array.from(delta.counters.added, (name) => [name, ZERO])))
    const transaction: Transaction = { commands: [...update(delta, beginnings).commands, ...posting.commands] }
    this.#tell(transaction)
    const startedAt = performance.now()
    const committed = (): void => {
      posting.done()
      this.#generation = (this.#generation + 1) >>> 0
      if (repairs) this.#options.observer.repaired?.('content')
      this.#done(transaction, startedAt)
    }
    let committing: Promise<void> | undefined
    try {
      committing = this.#options.backend.commit(transaction)
    } catch (error) {
      return this.#recover(error)
    }
    if (committing !== undefined) return committing.then(committed, (error: unknown) => this.#recover(error))
    committed()
    return undefined
  }

  /** @returns whether no retry is needed: the commit succeeded, or the agent was stopped */
  async #hasRebuilt(): Promise<boolean> {
    const { wanted, onTry, observer } = this.#options
    onTry()
    const content = await wanted()
    if (this.#isStopped()) return true
    try {
      await this.replaceAll(content)
      return true
    } catch (error) {
      if (this.#isStopped()) return true
      observer.failed?.('commit', failureCode(error))
      this.#outage.report('cannot recreate the tables; the kernel keeps what it has; retrying', error)
      return false
    }
  }

  #isStopped(): boolean {
    return this.#stopped.signal.aborted
  }

  /** Waits between two attempts, shorter if the wanted content changes. */
  async #rest(retryMs: number): Promise<void> {
    const leastMs = Math.max(RETRY.firstMs, retryMs * LEAST_SHARE)
    const { sleep = sleepByClock } = this.#options
    this.#retry = new AbortController()
    await sleep(leastMs, this.#stopped.signal)
    await sleep(retryMs - leastMs, this.#retry.signal)
  }

  #labelled(values: ReadonlyMap<CounterName, CounterValue>): Map<CounterName, CounterValue> {
    return new Map(Array.from(values, ([name, { packets, bytes }]) => [name, { packets, bytes, comment: this.#options.describe(name) }]))
  }

  #done(transaction: Transaction, startedAt: number): void {
    const whole = transaction.commands.some((command) => 'add' in command && command.add === 'table')
    this.#options.onCommitted({ transactionMs: performance.now() - startedAt, elements: elementsIn(transaction), whole })
  }

  #recover(err: unknown): Promise<void> {
    if (this.#isStopped()) return Promise.resolve() // the agent stops; the next one recreates the tables
    this.#options.observer.failed?.('commit', failureCode(err))
    this.#options.log.error({ err }, 'the kernel refused a change; recreating the tables')
    return this.rebuild('refused')
  }

  #tell(transaction: Transaction): void {
    const { log } = this.#options
    if (log.isLevelEnabled('debug')) log.debug(summaryOf(transaction), 'transaction')
    if (log.isLevelEnabled('trace')) log.trace({ nft: render(transaction) }, 'transaction')
  }
}

function handlesOf({ tables }: BackendState): string {
  return [...tables].map(([family, { handle }]) => `${family} ${handle}`).join(', ')
}
