// The API server as a source: three reflectors over one transport.
//
//   pods ────────────▶ Reflector ─┐
//   namespaces ──────▶ Reflector ─┼─▶ sink   (each event as it comes; what was missed meanwhile: one batch)
//   networkpolicies ─▶ Reflector ─┘
import type { Logger } from 'pino'
import { throwUncaught } from '../base/defect.ts'
import type { Source, SourceSink } from '../source.ts'
import { VethguardError } from '../base/errors.ts'
import type { Credentials } from './credentials/access.ts'
import type { KubeObserver, ResourceStatus } from './observer.ts'
import { Reflector } from './reflector/reflector.ts'
import { type ResourceName, resources } from './reflector/resource.ts'
import type { Update } from './reflector/store.ts'
import { TIMING, type Timing } from './reflector/timing.ts'
import { Transport } from './transport.ts'

export interface KubeSourceOptions {
  /** The node that we are on. */
  readonly nodeName: string
  /** See findCredentials. */
  readonly credentials: () => Promise<Credentials>
  readonly log: Logger
  readonly observer?: KubeObserver
  readonly timing?: Partial<Timing>
}

export class KubeSource implements Source {
  readonly #options: KubeSourceOptions
  readonly #synced = Promise.withResolvers<undefined>()
  #reflectors: ReadonlyMap<ResourceName, Reflector> = new Map()
  #transport: Transport | undefined
  #sink: SourceSink | undefined

  constructor(options: KubeSourceOptions) {
    this.#options = options
    this.#synced.promise.catch(() => undefined) // start() may not be waiting for it
  }

  /** By resource; empty before the start. */
  status(): ReadonlyMap<ResourceName, ResourceStatus> {
    return new Map(Array.from(this.#reflectors, ([name, { status }]) => [name, status]))
  }

  /**
   * Waits for an API server that is not there yet, or does not let us read: it says so in the log, and tries on.
   * @throws VethguardError CONFIG_INVALID if there are no credentials; SOURCE_UNREADABLE if closed before everything was read
   */
  async start(sink: SourceSink): Promise<void> {
    this.#sink = sink
    const transport = new Transport(await this.#options.credentials())
    this.#transport = transport
    const { log, observer = {}, timing } = this.#options
    const told = {
      onUpdate: (update: Update, arrivedAtMs: number) => this.#deliver(update, arrivedAtMs),
      onSynced: () => this.#onSynced(),
    }
    const shared = { transport, observer, log, timing: { ...TIMING, ...timing }, ...told }
    this.#reflectors = new Map(resources(this.#options.nodeName).map((resource) => [resource.name, new Reflector({ ...shared, resource })]))
    for (const reflector of this.#reflectors.values()) reflector.start()
    await this.#synced.promise
  }

  /** Stops reading; the sink hears no more. */
  async close(): Promise<void> {
    this.#sink = undefined
    this.#synced.reject(new VethguardError('SOURCE_UNREADABLE', 'stopped before everything was read from the API server'))
    const stopped = Array.from(this.#reflectors.values(), (reflector) => reflector.close())
    await this.#transport?.close()
    await Promise.all(stopped)
  }

  #onSynced(): void {
    if ([...this.#reflectors.values()].every(({ status }) => status.synced)) this.#synced.resolve(undefined)
  }

  #deliver({ changes, problems }: Update, arrivedAtMs: number): void {
    try {
      if (changes.length > 0) this.#sink?.changes(changes, arrivedAtMs)
      for (const [object, list] of problems) this.#sink?.problems(object, list)
    } catch (error) {
      // An error of the agent must not pass for one of the connection, which would be tried again without the change.
      throwUncaught(error)
    }
  }
}
