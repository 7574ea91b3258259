// A source on a fake server that may serve ClusterNetworkPolicies, and has one of them and a node; and what is asked of both.
import { expect } from '@jest/globals'
import type { Timing } from '../../src/kube/reflector/timing.ts'
import type { KubeSource } from '../../src/kube/source.ts'
import { FakeApi } from './fake-api.ts'
import { clusterPolicy, listeningLog, namespace, node, sourceWith } from './fixture.ts'
import { StrictSink } from './strict-sink.ts'

export const GROUP = '/apis/policy.networking.k8s.io'

export class OptionalStand {
  readonly api = new FakeApi()
  readonly sink = new StrictSink()
  readonly relists: string[] = []
  readonly lines: { msg: string; level: number }[]
  readonly #log: ReturnType<typeof listeningLog>['log']
  #source: KubeSource | undefined

  static async open(): Promise<OptionalStand> {
    const stand = new OptionalStand()
    stand.api.put('namespaces', namespace('default'))
    stand.api.put('clusternetworkpolicies', clusterPolicy('p'))
    stand.api.put('nodes', node('n1'))
    await stand.api.listen()
    return stand
  }

  private constructor() {
    ({ log: this.#log, lines: this.lines } = listeningLog())
  }

  get source(): KubeSource {
    return this.#source!
  }

  /** Makes the source and waits until it has started. */
  async start(timing: Partial<Timing> = {}, clusterPolicies = true): Promise<void> {
    const observer = { relisted: (resource: string) => void this.relists.push(resource) }
    this.#source = sourceWith(this.api, { timing, clusterPolicies, log: this.#log, observer })
    await this.#source.start(this.sink)
  }

  /** Keys of cluster policies and nodes that are in force. */
  known(): string[] {
    return [...this.sink.objects.keys()].filter((id) => !id.startsWith('namespace')).sort()
  }

  /** Requests whose path begins so. */
  asked(start: string): string[] {
    return this.api.requests.filter((path) => path.startsWith(start))
  }

  /** How often it was asked whether they are served. */
  looks(): number {
    return this.api.requests.filter((path) => path === GROUP).length
  }

  /** Whether the log has a line with this in it. */
  said(part: string): boolean {
    return this.lines.some(({ msg }) => msg.includes(part))
  }

  async close(): Promise<void> {
    await this.#source?.close()
    await this.api.stop()
    expect(this.sink.faults).toEqual([])
  }
}
