// What people should know about their objects, as Events of Kubernetes beside these objects. Every agent of the cluster may tell
// the same: an Event's name follows from what it says, so that one is made and the others are told that it is there.
import type { Logger } from 'pino'
import { ApiServerError } from '../../base/errors.ts'
import type { Notice } from '../../cluster/notice.ts'
import { ServerBackoff } from '../server-backoff.ts'
import type { Credentials } from '../credentials/access.ts'
import { type KubeEvent, eventOf } from './event-object.ts'
import { TIMING, type Timing } from '../reflector/timing.ts'
import { Transport } from '../transport.ts'

export interface EventRecorderOptions {
  /** See findCredentials. */
  readonly credentials: () => Promise<Credentials>
  readonly nodeName: string
  readonly log: Logger
  readonly timing?: Pick<Timing, 'random' | 'sleep'>
}

/** Longest wait before the first of a series: agents see the same at the same time. */
const SPREAD_MS = 5000
/** Between two Events. */
const GAP_MS = 200
const ANSWER_MS = 10_000
/** More are not kept while the API server is away. */
const LONGEST_QUEUE = 1000
/** About 15 s; then the next one is tried. */
const TRIES = 20

export class EventRecorder {
  readonly #options: EventRecorderOptions
  readonly #timing: Pick<Timing, 'random' | 'sleep'>
  readonly #stop = new AbortController()
  /** By name; the first is being written. */
  readonly #queue = new Map<string, KubeEvent>()
  #transport: Transport | undefined
  #writing: Promise<void> | undefined
  #isFailing = false

  constructor(options: EventRecorderOptions) {
    this.#options = options
    this.#timing = options.timing ?? TIMING
  }

  /** Writes an Event some time later. Never throws, and keeps nobody waiting. */
  record(notice: Notice): void {
    const event = eventOf(notice, this.#options.nodeName, new Date())
    if (this.#stop.signal.aborted || this.#queue.size >= LONGEST_QUEUE) return
    this.#queue.set(event.metadata.name, event)
    this.#writing ??= this.#writeAll()
  }

  /** What was not written yet is not written any more. */
  async close(): Promise<void> {
    this.#stop.abort()
    await this.#transport?.close()
    await this.#writing
  }

  async #writeAll(): Promise<void> {
    const { signal } = this.#stop
    await this.#timing.sleep(this.#timing.random() * SPREAD_MS, signal)
    for (const [name, event] of this.#queue) {
      if (signal.aborted) break
      await this.#write(event)
      this.#queue.delete(name)
      await this.#timing.sleep(GAP_MS, signal)
    }
    this.#writing = undefined
  }

  async #write(event: KubeEvent): Promise<void> {
    const backoff = new ServerBackoff(this.#timing.random)
    while (backoff.failures < TRIES && !this.#stop.signal.aborted) {
      const error = await this.#create(event).then(() => undefined, (reason: unknown) => reason)
      if (error === undefined || isThere(error)) {
        this.#succeeded()
        return
      }
      if (isGoing(error)) return
      this.#failed(error)
      if (isFinal(error)) return
      await this.#timing.sleep(backoff.next(error instanceof ApiServerError ? error.retryAfterMs : undefined), this.#stop.signal)
    }
  }

  async #create(event: KubeEvent): Promise<void> {
    this.#transport ??= new Transport(await this.#options.credentials())
    const path = `/apis/events.k8s.io/v1/namespaces/${event.metadata.namespace}/events`
    await this.#transport.create(path, event, { signal: this.#stop.signal, answerMs: ANSWER_MS, silenceMs: ANSWER_MS })
  }

  #succeeded(): void {
    if (this.#isFailing) this.#options.log.info('Events are written again')
    this.#isFailing = false
  }

  /** Said once: Events repeat what is in the log. */
  #failed(err: unknown): void {
    if (this.#isFailing || this.#stop.signal.aborted) return
    this.#isFailing = true
    const hint = err instanceof ApiServerError && err.status === 403
      ? '; grant the verb create on events of the API group events.k8s.io (ClusterRole and its binding), or set --events off'
      : ''
    this.#options.log.warn({ err }, `Events cannot be written: ${err instanceof Error ? err.message : String(err)}${hint}`)
  }
}

/** Another agent has told the same. */
function isThere(error: unknown): boolean {
  return error instanceof ApiServerError && error.status === 409
}

/** Nobody will look there any more. */
function isGoing(error: unknown): boolean {
  return error instanceof ApiServerError && (error.status === 404 || error.message.includes('is being terminated'))
}

/** Trying again would not help. */
function isFinal(error: unknown): boolean {
  return error instanceof ApiServerError && error.status < 500 && error.status !== 429 && error.status !== 401
}
