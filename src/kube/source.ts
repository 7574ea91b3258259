// The API server as a source: reflectors over one transport.
//
//   pods ────────────▶ Reflector ─┐
//   namespaces ──────▶ Reflector ─┼─▶ sink   (each event as it comes; what was missed meanwhile: one batch)
//   networkpolicies ─▶ Reflector ─┤
//                OptionalResources┘   clusternetworkpolicies and nodes, if the API server serves the former
import type { Logger } from 'pino'
import { throwUncaught } from '../base/defect.ts'
import type { Source, SourceSink } from '../source.ts'
import { VethguardError } from '../base/errors.ts'
import type { Credentials } from './credentials/access.ts'
import type { KubeObserver, ResourceStatus } from './observer.ts'
import { OptionalResources } from './optional-resources.ts'
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
  /** Read ClusterNetworkPolicies, and nodes for them. */
  readonly clusterPolicies: boolean
  readonly log: Logger
  readonly observer?: KubeObserver
  readonly timing?: Partial<Timing>
}

export class KubeSource implements Source {
  readonly #options: KubeSourceOptions
  readonly #synced = Promise.withResolvers<undefined>()
  #reflectors: ReadonlyMap<ResourceName, Reflector> = new Map()
  #optional: OptionalResources | undefined
  #transport: Transport | undefined
  #sink: SourceSink | undefined

  constructor(options: KubeSourceOptions) {
    this.#options = options
    this.#synced.promise.catch(() => undefined) // start() may not be waiting for it
  }

  /** By resource; empty before the start. Without those that the API server does not serve. */
  status(): ReadonlyMap<ResourceName, ResourceStatus> {
    const required = Array.from(this.#reflectors, ([name, { status }]) => [name, status] as const)
    return new Map<ResourceName, ResourceStatus>([...required, ...this.#optional?.status ?? []])
  }

  /**
   * Waits for an API server that is not there yet, or does not let us read: it says so in the log, and tries on.
   * @throws VethguardError CONFIG_INVALID if there are no credentials; SOURCE_UNREADABLE if closed before everything was read
   */
  async start(sink: SourceSink): Promise<void> {
    this.#sink = sink
    const transport = new Transport(await this.#options.credentials())
    this.#transport = transport
    const { log, observer = {}, timing, nodeName, clusterPolicies } = this.#options
    const onUpdate = (update: Update, arrivedAtMs: number): void => this.#deliver(update, arrivedAtMs)
    const shared = { transport, observer, log, timing: { ...TIMING, ...timing }, onUpdate }
    const onSynced = (): void => this.#onSynced()
    this.#reflectors = new Map(resources(nodeName).map((resource) => [resource.name, new Reflector({ ...shared, resource, onSynced })]))
    this.#optional = clusterPolicies ? new OptionalResources({ ...shared, onSettled: onSynced }) : undefined
    for (const reflector of this.#reflectors.values()) reflector.start()
    this.#optional?.start()
    await this.#synced.promise
  }

  /** Stops reading; the sink hears no more. */
  async close(): Promise<void> {
    this.#sink = undefined
    this.#synced.reject(new VethguardError('SOURCE_UNREADABLE', 'stopped before everything was read from the API server'))
    const stopped = Array.from(this.#reflectors.values(), (reflector) => reflector.close())
    await Promise.all([...stopped, this.#optional?.close(), this.#transport?.close()])
  }

  #onSynced(): void {
    const isRead = [...this.#reflectors.values()].every(({ status }) => status.synced)
    if (isRead && this.#optional?.isSettled !== false) this.#synced.resolve(undefined)
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
