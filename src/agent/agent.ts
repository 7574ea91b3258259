// The agent: keeps the node's tables equal to what its source says.
//
//   Source ──changes──▶ queue ──▶ Compiler ──delta──┐
//                                    │ local pods   ├──▶ Committer ──▶ Backend ──▶ kernel
//   veths ────────────────▶ NodeBindings ──delta────┘        └──in force──▶ PolicyReports ──▶ people
//                                   KernelWatch ──repairs──▶ Committer
import type { Logger } from 'pino'
import type { Warning } from '../advice/warning.ts'
import type { Problem } from '../cluster/change.ts'
import type { Change } from '../source.ts'
import { inTurns } from '../steps.ts'
import { podKey } from '../cluster/objects.ts'
import { Compiler, type CompilerSizes } from '../compiler/compiler.ts'
import { describe } from '../compiler/counters.ts'
import type { Bindings } from '../compiler/guard.ts'
import type { Content, Delta } from '../nftables/content.ts'
import { union } from '../nftables/diff.ts'
import type { SetName } from '../nftables/schema.ts'
import { Hits } from './hits.ts'
import type { AgentObserver } from '../observe/observer.ts'
import { reasonOf } from '../observe/reason.ts'
import type { AgentView, HitTotals } from '../observe/view.ts'
import type { Direction } from '../policy/types.ts'
import { type Committed, Committer } from './committer.ts'
import { KernelWatch } from './kernel-watch.ts'
import { NodeBindings } from './node-bindings.ts'
import type { AgentOptions } from './options.ts'
import { PolicyReports } from './policy-reports.ts'
import { Problems } from './problems.ts'

/** What a commit is to bring. */
interface Work {
  /** How many changes of the cluster. */
  readonly changes: number
  /** When the oldest of them came; undefined: there is none. */
  readonly since: number | undefined
}

const NO_WORK: Work = { changes: 0, since: undefined }

const CHECK_MS = 500

/** More changes than this at once (all was read anew) are compiled in turns. */
const MANY_CHANGES = 200

export class Agent implements AgentView {
  readonly #options: AgentOptions
  readonly #log: Logger
  readonly #compiler: Compiler
  readonly #node: NodeBindings
  readonly #hits: Hits
  readonly #observer: AgentObserver
  readonly #committer: Committer
  readonly #watch: KernelWatch
  readonly #problems: Problems
  readonly #reports: PolicyReports
  #queue: Change[] = []
  /** When the oldest change in the queue came. */
  #since: number | undefined
  /** What was taken from the queue, and is not in the kernel yet. */
  #work = NO_WORK
  #state: 'starting' | 'idle' | 'committing' | 'stopped' = 'starting'
  /** Something was applied in this turn of the event loop: what comes now is a burst, and waits for its end. */
  #turnTaken = false
  #committing: Promise<void> | undefined
  #checks: NodeJS.Timeout | undefined
  #checkedAtMs: number | undefined

  constructor(options: AgentOptions) {
    const { nodeName, spoofGuard, backend, log, observer = {} } = options
    this.#options = options
    this.#log = log
    this.#compiler = new Compiler(nodeName)
    this.#problems = new Problems(log)
    this.#reports = new PolicyReports({ census: this.#compiler.census, problems: this.#problems, log }, options)
    this.#hits = new Hits(this.#compiler)
    this.#observer = observer
    this.#committer = new Committer({
      backend,
      wanted: () => this.#wanted(),
      describe: (name) => {
        const meaning = this.#compiler.meaningOf(name)
        return meaning && describe(meaning)
      },
      guard: spoofGuard,
      hits: this.#hits,
      observer,
      onCommitted: (committed) => this.#committed(committed),
      log: log.child({ component: 'committer' }),
    })
    this.#watch = new KernelWatch({
      backend,
      committer: this.#committer,
      content: () => this.#content(),
      whenIdle: (act) => this.#whenIdle(act),
      pauseFor: (repairing) => this.#pauseFor(repairing),
      compareSeconds: options.compareSeconds,
      observer,
      log: log.child({ component: 'watch' }),
    })
    this.#node = new NodeBindings({
      ...options,
      compiler: this.#compiler,
      onChange: () => this.#arrived([]),
      onProblems: (object, problems) => this.#problems.set(object, problems),
    })
  }

  get sizes(): CompilerSizes {
    return this.#compiler.sizes
  }

  get isReady(): boolean {
    return this.#checks !== undefined
  }

  get checkedAtMs(): number | undefined {
    return this.#checkedAtMs
  }

  get unguardedPods(): number {
    return this.#node.unguarded
  }

  isolatedPods(direction: Direction): number {
    return this.#compiler.localPods().filter((pod) => this.#compiler.isIsolated(podKey(pod), direction)).length
  }

  setSizes(): ReadonlyMap<SetName, number> {
    return new Map(Array.from(this.#content().sets, ([name, elements]) => [name, elements.size]))
  }

  async hits(): Promise<HitTotals | undefined> {
    if (!this.isReady) return undefined
    const begun = this.#hits.begin()
    try {
      this.#hits.read(await this.#options.backend.readCounters(), begun)
    } catch (error) {
      this.#observer.failed?.('counters', reasonOf(error))
      throw error
    }
    return this.#hits.totals()
  }

  get problems(): readonly Problem[] {
    return [...this.#problems.all(), ...this.#reports.problems]
  }

  get warnings(): readonly Warning[] {
    return this.#reports.warnings
  }

  get bindings(): Bindings {
    return this.#node.bindings
  }

  /**
   * Reads everything, then makes the tables in one transaction. From then on changes are followed.
   * @throws VethguardError SOURCE_UNREADABLE, NODE_UNFIT; NetlinkError, SystemCallError: nothing was changed in the kernel
   */
  async start(): Promise<void> {
    const startedAt = performance.now()
    await this.#options.source.start({
      changes: (batch, arrivedAtMs) => this.#arrived(batch, arrivedAtMs),
      problems: (object, problems) => this.#reports.setProblems(object, problems),
    })
    if (this.#isStopped()) return
    this.#node.start()
    await inTurns(this.#compiler.loading(this.#takeQueue()))
    if (this.#isStopped()) return
    this.#node.checkNode()
    this.#committing = this.#committer.replaceAll()
    await this.#committing
    if (this.#isStopped()) return
    this.#state = 'idle'
    this.#checkedAtMs = performance.now()
    this.#checks = setInterval(() => this.#check(), this.#options.checkMs ?? CHECK_MS).unref()
    this.#log.info({ ...this.sizes, durationMs: Math.round(performance.now() - startedAt) }, 'enforcing')
    this.#pump()
  }

  /** Stops following, also when the start failed or is under way. The rules stay in the kernel. */
  async close(): Promise<void> {
    this.#state = 'stopped'
    clearInterval(this.#checks)
    this.#reports.close()
    this.#committer.stop()
    await this.#options.source.close()
    await this.#node.close()
    await this.#committing?.catch(() => undefined) // of the start, which tells
    this.#options.backend.close()
  }

  #isStopped(): boolean {
    return this.#state === 'stopped'
  }

  #arrived(batch: readonly Change[], arrivedAtMs = performance.now()): void {
    for (const change of batch) this.#queue.push(change) // a batch may hold more than a call takes arguments
    this.#since ??= arrivedAtMs
    if (this.#state === 'committing') this.#committer.retrySoon()
    else if (!this.#turnTaken) this.#pump()
  }

  #takeQueue(): readonly Change[] {
    const changes = this.#queue
    this.#queue = []
    this.#work = { changes: this.#work.changes + changes.length, since: this.#work.since ?? this.#since }
    this.#since = undefined
    this.#reports.note(changes)
    return changes
  }

  /** Applies what is in the queue, unless a commit is under way: then that one's end does it. */
  #pump(): void {
    if (this.#state !== 'idle' || this.#since === undefined) return
    this.#takeTurn()
    const changes = this.#takeQueue()
    if (changes.length <= MANY_CHANGES) this.#pauseFor(this.#commit(changes, this.#compiler.apply(changes)))
    else this.#pauseFor(inTurns(this.#compiler.applying(changes)).then((delta) => this.#commit(changes, delta)))
  }

  /** @returns as Committer.commit() */
  #commit(changes: readonly Change[], compiled: Delta | undefined): Promise<void> | undefined {
    const delta = union(compiled, this.#node.bind())
    this.#hits.forget(changes)
    if (delta !== undefined) return this.#committer.commit(delta)
    this.#nothingToDo()
    return undefined
  }

  /** Changes wait until this is done. */
  #pauseFor(committing: Promise<void> | undefined): void {
    if (committing === undefined) return
    this.#state = 'committing'
    this.#committing = committing.then(() => {
      if (this.#state === 'committing') this.#state = 'idle'
      this.#pump()
    })
  }

  /** Does it while nothing is being committed; not at all if the agent was stopped. */
  async #whenIdle(act: () => void): Promise<void> {
    while (this.#state === 'committing') await this.#committing
    if (this.#state === 'idle') act()
  }

  #takeTurn(): void {
    this.#turnTaken = true
    setImmediate(() => {
      this.#turnTaken = false
      this.#pump()
    })
  }

  /** The kernel has all that these changes ask for. */
  #nothingToDo(): void {
    this.#work = NO_WORK
    this.#reports.inForce()
  }

  #committed(committed: Committed): void {
    const { changes, since } = this.#work
    this.#work = NO_WORK
    const durationMs = since === undefined ? committed.transactionMs : performance.now() - since
    this.#log.debug({ changes, elements: committed.elements, durationMs: Number(durationMs.toFixed(3)) }, 'committed')
    this.#observer.committed?.({ ...committed, changes, durationMs })
    this.#reports.inForce()
  }

  /** Somebody may mend, or break, what is not the agent's own. */
  #check(): void {
    this.#checkedAtMs = performance.now()
    this.#node.refresh()
    this.#node.checkNode()
    if (this.#state !== 'idle') return
    this.#watch.check()
  }

  /** With what came meanwhile: it may be what the kernel needs to take the content at all. */
  #wanted(): Content {
    this.#load()
    return this.#content()
  }

  /** Takes in what came, without a delta. */
  #load(): void {
    const changes = this.#takeQueue()
    this.#compiler.load(changes)
    this.#node.bind()
    this.#hits.forget(changes)
  }

  #content(): Content {
    const { sets, counters } = this.#compiler.content
    return { sets: new Map([...sets, ...this.#node.content.sets]), counters }
  }
}
