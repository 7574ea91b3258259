// The agent: keeps the node's tables equal to what its source says.
//
//   Source ──changes──▶ queue ──▶ Compiler ──delta──┐
//                                    │ local pods   ├──▶ Committer ──▶ Backend ──▶ kernel
//   veths ────────────────▶ NodeBindings ──delta────┘        └──in force──▶ PolicyReports ──▶ people
//                                   KernelWatch ──repairs──▶ Committer
import type { Logger } from 'pino'
import type { Change } from '../source.ts'
import { failureCode } from '../base/failure-code.ts'
import { inTurns } from '../base/steps.ts'
import { Compiler } from '../compiler/compiler.ts'
import type { Content, Delta } from '../nftables/content.ts'
import type { AgentObserver } from './observer.ts'
import type { AgentView } from './view.ts'
import { type Progress, View } from './agent-view.ts'
import { ChangeQueue } from './change-queue.ts'
import { type Committed, Committer } from './committer.ts'
import { Desired } from './desired.ts'
import { Ledger } from '../counters/ledger.ts'
import { KernelWatch } from './kernel-watch.ts'
import { NodeBindings } from '../guard/node-bindings.ts'
import { OneAtATime } from './one-at-a-time.ts'
import type { AgentOptions } from './options.ts'
import { PolicyReports } from '../report/policy-reports.ts'
import { Problems } from '../report/problems.ts'

const CHECK_MS = 500

/**
 * How long the end waits for what the kernel is doing; it does it all or not at all, whoever waits. With the second that scrapes get
 * it is less than the chart's terminationGracePeriodSeconds.
 */
const END_MS = 3000

export class Agent {
  /** What others may ask. */
  readonly view: AgentView
  readonly #options: AgentOptions
  readonly #log: Logger
  readonly #observer: AgentObserver
  readonly #queue = new ChangeQueue()
  readonly #work = new OneAtATime(() => this.#pump())
  readonly #node: NodeBindings
  readonly #desired: Desired
  readonly #committer: Committer
  readonly #watch: KernelWatch
  readonly #reports: PolicyReports
  /** Something was applied in this turn of the event loop: what comes now is a burst, and waits for its end. */
  #turnTaken = false
  /** Everything was read, and is in the kernel. */
  #isReady = false
  #checks: NodeJS.Timeout | undefined
  #checkedAtMs: number | undefined

  constructor(options: AgentOptions) {
    const { nodeName, spoofGuard: guard, backend, log, observer = {}, compareSeconds, sleep } = options
    this.#options = options
    this.#log = log
    this.#observer = observer
    const compiler = new Compiler(nodeName)
    const problems = new Problems(log)
    const ledger = new Ledger({
      compiler,
      reader: backend.reader,
      onLost: (err) => {
        observer.failed?.('counters', failureCode(err))
        log.error({ err }, 'counters that are deleted cannot be read; some hits are lost')
      },
    })
    const reports = this.#reports = new PolicyReports({ queries: compiler.queries, problems, log }, options)
    const node = this.#node = new NodeBindings({
      ...options,
      compiler,
      onChange: () => this.#arrived([]),
      onProblems: (object, found) => problems.set(object, found),
      onFailure: (error) => observer.failed?.('veths', failureCode(error)),
    })
    const desired = this.#desired = new Desired({ compiler, node, ledger })
    const committer = this.#committer = new Committer({
      backend,
      wanted: () => this.#wanted(),
      describe: (name) => desired.describe(name),
      guard,
      ledger,
      observer,
      onTry: () => this.#work.goesOn(),
      sleep,
      onCommitted: (committed) => this.#committed(committed),
      log: log.child({ component: 'committer' }),
    })
    this.#watch = new KernelWatch({ reader: backend.reader, committer, desired, work: this.#work, compareSeconds, observer, log: log.child({ component: 'watch' }) })
    this.view = new View({ progress: () => this.#progress(), compiler, desired, node, ledger, problems, reports, observer })
  }

  /**
   * Reads everything, then makes the tables in one transaction, again and again if the kernel refuses it. From then on changes
   * are followed.
   * @throws VethguardError SOURCE_UNREADABLE, NODE_UNFIT; SystemCallError of links: nothing was changed in the kernel
   */
  async start(): Promise<void> {
    const startedAt = performance.now()
    await this.#options.source.start({
      changes: (batch, arrivedAtMs) => this.#arrived(batch, arrivedAtMs),
      problems: (object, problems) => this.#reports.setProblems(object, problems),
    })
    if (this.#work.isStopped()) return
    this.#node.start()
    const content = await this.#wanted()
    if (this.#work.isStopped()) return
    await this.#work.begin(this.#committer.begin(content))
    if (this.#work.isStopped()) return
    this.#isReady = true
    this.#checkedAtMs = performance.now()
    this.#checks = setInterval(() => this.#check(), this.#options.checkMs ?? CHECK_MS).unref()
    this.#log.info({ ...this.view.sizes, durationMs: Math.round(performance.now() - startedAt) }, 'enforcing')
    for (const lack of this.#options.backend.lacks ?? []) this.#log.info(lack)
    this.#pump()
  }

  /** Stops following, also when the start failed or is under way. The rules stay in the kernel. */
  async close(): Promise<void> {
    this.#work.stop()
    clearInterval(this.#checks)
    this.#reports.close()
    this.#watch.close()
    this.#committer.stop()
    await this.#options.source.close()
    await this.#node.close()
    await this.#work.ended(END_MS)
    this.#options.backend.close()
  }

  #arrived(batch: readonly Change[], arrivedAtMs = performance.now()): void {
    this.#queue.push(batch, arrivedAtMs)
    if (!this.#work.isIdle()) this.#committer.retrySoon()
    else if (!this.#turnTaken) this.#pump()
  }

  #takeQueue(): readonly Change[] {
    const changes = this.#queue.take()
    this.#reports.note(changes)
    return changes
  }

  /** Applies what is in the queue, unless something else is being done: then that one's end does it. */
  #pump(): void {
    if (!this.#work.isIdle() || !this.#queue.hasWork) return
    this.#takeTurn()
    const changes = this.#takeQueue()
    if (!this.#desired.isMuchWork(changes)) this.#work.waitFor(this.#commit(this.#desired.apply(changes)))
    else this.#work.waitFor(inTurns(this.#desired.applying(changes)).then((delta) => this.#commit(delta)))
  }

  #takeTurn(): void {
    this.#turnTaken = true
    setImmediate(() => {
      this.#turnTaken = false
      this.#pump()
    })
  }

  /** @returns as Committer.commit() */
  #commit(delta: Delta | undefined): Promise<void> | undefined {
    if (delta !== undefined) return this.#committer.commit(delta)
    this.#queue.done() // the kernel has all that these changes ask for
    this.#reports.inForce()
    return undefined
  }

  #committed(committed: Committed): void {
    const { changes, sinceMs } = this.#queue.done()
    const durationMs = sinceMs === undefined ? committed.transactionMs : performance.now() - sinceMs
    this.#log.debug({ changes, elements: committed.elements, durationMs: Number(durationMs.toFixed(3)) }, 'committed')
    this.#observer.committed?.({ ...committed, changes, durationMs })
    this.#reports.inForce()
  }

  /** Other processes may repair or break what is not the agent's own. */
  #check(): void {
    this.#checkedAtMs = performance.now()
    this.#node.refresh()
    this.#node.checkNode()
    if (this.#work.isIdle()) this.#watch.check()
  }

  /** With what came meanwhile: it may be what the kernel needs to take the content at all. */
  #wanted(): Promise<Content> {
    return inTurns(this.#desired.loading(this.#takeQueue()))
  }

  #progress(): Progress {
    return {
      isReady: this.#isReady,
      isStopped: this.#work.isStopped(),
      checkedAtMs: this.#checkedAtMs,
      busySinceMs: this.#work.busySinceMs,
      staleSinceMs: earlier(this.#queue.sinceMs, this.#committer.brokenSinceMs),
    }
  }
}

function earlier(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? one ?? other : Math.min(one, other)
}
