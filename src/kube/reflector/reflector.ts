// Keeps the store of one resource equal to the API server's, through every fault there is.
//
//   nothing known ──WatchList (or pages)──▶ synced at version v ──watch from v──▶ events, each moves v
//        ▲                                                              │
//        └──────────── v expired, or not understood ────────────────────┴── anything else: watch from v again
import type { Logger } from 'pino'
import { ApiServerError } from '../../base/errors.ts'
import { ServerBackoff } from '../server-backoff.ts'
import type { WatchEvent } from './watch-events.ts'
import { explain, restartReason, type RestartReason } from './failure.ts'
import { list } from './list.ts'
import type { KubeObserver, ResourceStatus } from '../observer.ts'
import { Replacement } from './replacement.ts'
import type { Reading, Resource } from './resource.ts'
import { isRefused } from './status.ts'
import { inTurns } from '../../base/steps.ts'
import { ObjectStore, type Update } from './store.ts'
import { type Timing, watchSeconds } from './timing.ts'
import type { Transport } from '../transport.ts'
import { OutageLog } from '../../base/outage-log.ts'
import { watch } from './watch.ts'

export interface ReflectorOptions {
  readonly resource: Resource
  readonly transport: Transport
  readonly timing: Timing
  readonly observer: KubeObserver
  readonly log: Logger
  /** Something is new since `arrivedAtMs`. Until everything was read once: as it comes. Must not throw. */
  readonly onUpdate: (update: Update, arrivedAtMs: number) => void
  /** Everything was read for the first time. Must not throw. */
  readonly onSynced: () => void
  /** Reading has failed, and is tried again. Must not throw. */
  readonly onFailure?: (error: unknown) => void
  /** A closed one, whose objects stay in force until everything was read. */
  readonly after?: Reflector | undefined
}

export class Reflector {
  readonly #options: ReflectorOptions
  readonly #store: ObjectStore
  readonly #log: Logger
  readonly #backoff: ServerBackoff
  readonly #outage: OutageLog
  readonly #stop = new AbortController()
  /** Where to go on; undefined: everything must be read. */
  #version: string | undefined
  /** While everything is being read. */
  #replacement: Replacement | undefined
  #synced: boolean
  /** What is being asked of the server. */
  #verb: 'list' | 'watch' = 'watch'
  #openedAtMs: number | undefined
  /** Runs while a watch is new. */
  #settling: NodeJS.Timeout | undefined
  #lastContactMs: number | undefined
  #running: Promise<void> | undefined

  constructor(options: ReflectorOptions) {
    this.#options = options
    const { resource, after } = options
    this.#store = after === undefined ? new ObjectStore(resource.kind) : after.#store
    this.#synced = after === undefined ? false : after.#synced
    this.#log = options.log.child({ resource: options.resource.name })
    this.#backoff = new ServerBackoff(options.timing.random)
    this.#outage = new OutageLog(this.#log, { level: 'warn', endMessage: 'reads the API server again' })
  }

  get status(): ResourceStatus {
    return {
      synced: this.#synced,
      connected: this.#openedAtMs !== undefined,
      objects: this.#store.size,
      lastContactMs: this.#lastContactMs,
      error: this.#outage.message,
    }
  }

  start(): void {
    this.#running ??= this.#run()
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  /** Reports that everything is gone. Only after close(). */
  forget(): void {
    this.#tell(this.#store.clear(), performance.now())
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const waitMs = await this.#round()
      if (waitMs > 0) await this.#options.timing.sleep(waitMs, this.#stop.signal)
    }
  }

  /** One request or list, to its end. @returns how long to wait before the next */
  async #round(): Promise<number> {
    try {
      const isFollowing = this.#version === undefined ? await this.#startOver() : await this.#follow(this.#version)
      return isFollowing ? this.#ended('ended') : 0
    } catch (error) {
      return this.#stop.signal.aborted ? 0 : this.#failed(error)
    } finally {
      clearTimeout(this.#settling)
      this.#openedAtMs = undefined
      this.#replacement = undefined
    }
  }

  /** Reads everything. @returns whether changes were then followed on the same connection */
  async #startOver(): Promise<boolean> {
    try {
      await this.#follow(undefined)
      if (this.#version !== undefined) return true
      this.#log.info('the API server ended a watch before its initial events had all come; listing')
    } catch (error) {
      if (this.#version !== undefined || !(isRefused(error) || restartReason(error) === 'silent')) throw error
      this.#log.info({ err: error }, 'the API server does not stream initial events; listing')
    }
    await this.#list()
    return false
  }

  async #follow(version: string | undefined): Promise<true> {
    const { transport, resource, timing } = this.#options
    this.#replacement = version === undefined ? new Replacement(this.#store, !this.#synced) : undefined
    this.#verb = 'watch'
    const silenceMs = (): number => (this.#replacement === undefined ? timing.silenceMs : timing.initialSilenceMs)
    const request = { version, seconds: watchSeconds(timing.random), silenceMs, signal: this.#stop.signal }
    await watch(transport, resource, request, {
      opened: () => this.#opened(),
      heard: (atMs) => (this.#lastContactMs = atMs),
      event: (event, atMs) => this.#onEvent(event, atMs),
    })
    return true
  }

  async #list(): Promise<void> {
    const { transport, resource } = this.#options
    this.#verb = 'list'
    const replacement = new Replacement(this.#store, !this.#synced)
    const version = await list(transport, resource, this.#stop.signal, {
      heard: (atMs) => (this.#lastContactMs = atMs),
      object: (reading, atMs) => this.#tell(replacement.put(reading), atMs),
    })
    await this.#finish(replacement, version, this.#lastContactMs)
  }

  /** Does not end the outage yet: some servers accept a watch only to end it with an error. */
  #opened(): void {
    this.#openedAtMs = performance.now()
    this.#lastContactMs = this.#openedAtMs
    this.#settling = setTimeout(() => this.#outage.end(), this.#options.timing.stableMs)
  }

  #onEvent(event: WatchEvent, atMs: number): Promise<void> | undefined {
    this.#options.observer.event?.(this.#options.resource.name, event.type, atMs)
    const replacement = this.#replacement
    if (replacement !== undefined && event.endsInitial) return this.#finish(replacement, event.version, atMs)
    if (replacement === undefined) this.#onChange(event)
    if (event.reading !== undefined) this.#tell(take(event.type, event.reading, replacement ?? this.#store), atMs)
    return undefined
  }

  #onChange({ version }: WatchEvent): void {
    if (version !== '') this.#version = version
    this.#backoff.reset()
    this.#outage.end()
  }

  async #finish(replacement: Replacement, version: string, atMs = performance.now()): Promise<void> {
    const update = await inTurns(replacement.finish()) // must be reported, even if stopped meanwhile: the store has it
    this.#replacement = undefined
    this.#version = version
    this.#outage.end()
    this.#noteRead(update.changes.length)
    this.#tell(update, atMs)
    if (this.#synced) return
    this.#synced = true
    this.#options.onSynced()
  }

  #noteRead(changes: number): void {
    const { name, isReread = false } = this.#options.resource
    const isRoutine = this.#synced && isReread
    const message = this.#synced ? 'everything was reread' : 'everything is read'
    this.#log[isRoutine ? 'debug' : 'info']({ objects: this.#store.size, changes }, message)
    if (this.#synced && !isRoutine) this.#options.observer.relisted?.(name)
  }

  #tell(update: Update, atMs: number): void {
    if (update.changes.length + update.problems.length > 0) this.#options.onUpdate(update, atMs)
  }

  #failed(error: unknown): number {
    this.#options.onFailure?.(error)
    const reason = restartReason(error)
    if (reason === 'expired' || reason === 'malformed') this.#version = undefined
    if (reason === 'expired') this.#log.info({ err: error }, 'what is known is too old for the API server; rereading everything')
    else this.#outage.report(explain(error, this.#verb, this.#options.resource.name), error)
    return this.#ended(reason, error instanceof ApiServerError ? error.retryAfterMs : undefined)
  }

  #ended(reason: RestartReason, retryAfterMs?: number): number {
    const { timing, observer, resource } = this.#options
    const lastedMs = this.#openedAtMs === undefined ? 0 : performance.now() - this.#openedAtMs
    if (lastedMs >= timing.stableMs) this.#backoff.reset()
    observer.restarted?.(resource.name, reason)
    if (resource.isReread === true) this.#version = undefined
    const waitMs = this.#backoff.next(retryAfterMs)
    this.#log.debug({ reason, lastedMs: Math.round(lastedMs), waitMs: Math.round(waitMs) }, 'watch restarts')
    return waitMs
  }
}

function take(type: WatchEvent['type'], reading: Reading, into: Replacement | ObjectStore): Update {
  return type === 'DELETED' ? into.remove(reading) : into.put(reading)
}
