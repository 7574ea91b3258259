// Reads what an API server may serve or not: ClusterNetworkPolicies, and the nodes that only their peers ask for.
//
//   discovery ──not served──▶ looks again, later and later
//       │ served in a version
//       ▼
//   nodes: read, or forbidden, or not read for long (then peers that are nodes are not understood)
//       │
//       ▼
//   reflectors ──404──▶ discovery ─┬─ the same version: they go on by themselves
//                                  ├─ another version: a new reflector; what is known stays in force until it has read everything
//                                  └─ not served, twice: everything is forgotten
import type { Logger } from 'pino'
import { Backoff } from '../base/backoff.ts'
import { ApiServerError } from '../base/errors.ts'
import { OutageLog } from '../base/outage-log.ts'
import { clusterPolicies, nodes } from './cluster-policy-resources.ts'
import { type ClusterPolicyVersion, findClusterPolicies } from './discovery.ts'
import type { ResourceStatus } from './observer.ts'
import { explainDiscovery, restartReason } from './reflector/failure.ts'
import { Reflector, type ReflectorOptions } from './reflector/reflector.ts'
import type { OptionalResourceName, Resource } from './reflector/resource.ts'
import { ServerBackoff } from './server-backoff.ts'

export interface OptionalResourcesOptions extends Pick<ReflectorOptions, 'transport' | 'timing' | 'observer' | 'log' | 'onUpdate'> {
  /** Must not throw. */
  readonly onSettled: () => void
}

/** How ClusterNetworkPolicies are read. */
interface Reading {
  readonly version: ClusterPolicyVersion
  readonly areNodesRead: boolean
}

const NAMES: readonly OptionalResourceName[] = ['clusternetworkpolicies', 'nodes']
const UNREAD = { synced: false, connected: false, objects: 0, lastContactMs: undefined }

export class OptionalResources {
  readonly #options: OptionalResourcesOptions
  readonly #log: Logger
  readonly #outage: OutageLog
  readonly #stop = new AbortController()
  /** Those that the start need not wait for any more: read, or forbidden. */
  readonly #done = new Set<OptionalResourceName>()
  /** Empty: not served, as far as is known. */
  #reflectors: ReadonlyMap<OptionalResourceName, Reflector> = new Map()
  /** What ClusterNetworkPolicies are read as; undefined: they are not read. */
  #reading: Reading | undefined
  /** undefined: not known yet. */
  #areNodesRead: boolean | undefined
  #nodesChanged = Promise.withResolvers<undefined>()
  /** The API server has answered whether it serves them. */
  #isAnswered = false
  #missing = Promise.withResolvers<undefined>()
  #running: Promise<void> | undefined

  constructor(options: OptionalResourcesOptions) {
    this.#options = options
    this.#log = options.log.child({ resource: 'clusternetworkpolicies' })
    this.#outage = new OutageLog(this.#log, { level: 'warn', endMessage: 'reads the API server again' })
  }

  /** Each of them has been read, is known not to be served, or is forbidden. Stays so. */
  get isSettled(): boolean {
    return this.#done.size === NAMES.length
  }

  /** Empty if they are not served. */
  get status(): ReadonlyMap<OptionalResourceName, ResourceStatus> {
    if (this.#isAnswered) return new Map(Array.from(this.#reflectors, ([name, { status }]) => [name, status]))
    return new Map([['clusternetworkpolicies', { ...UNREAD, error: this.#outage.message }]])
  }

  start(): void {
    this.#running ??= this.#run()
  }

  async close(): Promise<void> {
    this.#stop.abort()
    this.#missing.resolve(undefined)
    this.#nodesChanged.resolve(undefined)
    await Promise.all(Array.from(this.#reflectors.values(), (reflector) => reflector.close()))
    await this.#running
  }

  async #run(): Promise<void> {
    const { lookAgainMs } = this.#options.timing
    const waits = new Backoff(lookAgainMs)
    while (!this.#isStopped()) {
      const version = await this.#look()
      if (this.#isStopped()) return
      if (version === undefined) await this.#doWithout(waits)
      else await this.#follow(version, waits)
    }
  }

  #isStopped(): boolean {
    return this.#stop.signal.aborted
  }

  /** Asks until the server answers. @returns the version that is served; undefined: none, or stopped */
  async #look(): Promise<ClusterPolicyVersion | undefined> {
    const { transport, timing } = this.#options
    const request = { signal: this.#stop.signal, answerMs: timing.initialSilenceMs, silenceMs: timing.initialSilenceMs }
    const backoff = new ServerBackoff(timing.random)
    while (!this.#isStopped()) {
      try {
        const version = await findClusterPolicies(transport, request)
        this.#isAnswered = true
        this.#outage.end()
        return version
      } catch (error) {
        if (this.#isStopped()) break
        this.#outage.report(explainDiscovery(error), error)
        if (restartReason(error) === 'forbidden') this.#settle(...NAMES)
        await timing.sleep(backoff.next(error instanceof ApiServerError ? error.retryAfterMs : undefined), this.#stop.signal)
      }
    }
    return undefined
  }

  /** They are not served. If they were, that is believed if it is still so some seconds later. */
  async #doWithout(waits: Backoff): Promise<void> {
    const { timing } = this.#options
    if (this.#reflectors.size > 0) {
      await timing.sleep(timing.confirmMs, this.#stop.signal)
      const version = await this.#look()
      if (version !== undefined || this.#isStopped()) return
      await this.#forget()
    } else if (waits.failures === 0) {
      this.#log.info('the API server does not serve ClusterNetworkPolicies; vethguard goes on looking for them')
    }
    this.#settle(...NAMES)
    await timing.sleep(waits.next() * (0.5 + timing.random() / 2), this.#stop.signal)
  }

  /** Reads them, until the API server does not know one of them. */
  async #follow(version: ClusterPolicyVersion, waits: Backoff): Promise<void> {
    waits.reset()
    this.#missing = Promise.withResolvers()
    const missing = this.#missing.promise.then(() => 'missing' as const)
    if (version !== this.#reading?.version) this.#log.info({ version }, 'the API server serves ClusterNetworkPolicies')
    if (!this.#reflectors.has('nodes')) this.#startNodes()
    for (let what: 'missing' | undefined; what === undefined && !this.#isStopped(); ) {
      this.#nodesChanged = Promise.withResolvers()
      const areNodesRead = this.#areNodesRead
      if (areNodesRead !== undefined) await this.#readAs({ version, areNodesRead })
      what = await Promise.race([missing, this.#nodesChanged.promise])
    }
  }

  #startNodes(): void {
    const { timing } = this.#options
    const reflector = this.#reflectorOf(nodes())
    this.#reflectors = new Map([...this.#reflectors, ['nodes', reflector]])
    reflector.start()
    void timing.sleep(timing.nodesMs, this.#stop.signal).then(() => {
      if (this.#reflectors.get('nodes') === reflector) this.#cannotReadNodes()
    })
  }

  /** Reads ClusterNetworkPolicies so from now on; what is known stays in force until everything was read. */
  async #readAs(reading: Reading): Promise<void> {
    if (this.#reading?.version === reading.version && this.#reading.areNodesRead === reading.areNodesRead) return
    const former = this.#reflectors.get('clusternetworkpolicies')
    await former?.close()
    if (this.#isStopped()) return
    this.#reading = reading
    const reflector = this.#reflectorOf(clusterPolicies(reading.version, reading.areNodesRead), former)
    this.#reflectors = new Map([['clusternetworkpolicies', reflector], ...[...this.#reflectors].filter(([name]) => name === 'nodes')])
    reflector.start()
  }

  /** What was read of nodes stays in force. */
  #cannotReadNodes(): void {
    if (this.#areNodesRead === undefined) this.#setNodesRead(false)
    this.#settle('nodes')
  }

  #setNodesRead(areRead: boolean): void {
    if (this.#areNodesRead === areRead || this.#isStopped()) return
    this.#areNodesRead = areRead
    if (!areRead) this.#log.error('nodes cannot be read: rules of ClusterNetworkPolicies about nodes accept nothing and deny everything')
    this.#nodesChanged.resolve(undefined)
  }

  async #forget(): Promise<void> {
    this.#log.warn('the API server does not serve ClusterNetworkPolicies any more: none is in force')
    for (const reflector of this.#reflectors.values()) {
      await reflector.close()
      reflector.forget()
    }
    this.#reflectors = new Map()
    this.#reading = undefined
    this.#areNodesRead = undefined
  }

  #reflectorOf(resource: Resource<OptionalResourceName>, after?: Reflector): Reflector {
    return new Reflector({
      ...this.#options,
      resource,
      after,
      onSynced: () => this.#onSynced(resource.name),
      onFailure: (error) => this.#onFailure(resource.name, error),
    })
  }

  #onSynced(name: OptionalResourceName): void {
    if (name === 'nodes') this.#setNodesRead(true)
    this.#settle(name)
  }

  #onFailure(name: OptionalResourceName, error: unknown): void {
    if (!(error instanceof ApiServerError)) return
    if (error.status === 403 && name === 'nodes') this.#cannotReadNodes()
    else if (error.status === 403) this.#settle(name)
    if (error.status === 404) this.#missing.resolve(undefined)
  }

  #settle(...names: readonly OptionalResourceName[]): void {
    for (const name of names) this.#done.add(name)
    if (this.isSettled) this.#options.onSettled()
  }
}
