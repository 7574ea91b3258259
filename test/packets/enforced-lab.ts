// A lab whose nodes enforce: each has its own compiler and its own tables, as with an agent on every node.
import { Compiler } from '../../src/compiler/compiler.ts'
import type { Change } from '../../src/source.ts'
import { createBackend } from '../../src/netlink/create-backend.ts'
import type { Backend } from '../../src/nftables/backend.ts'
import type { CounterName, Delta } from '../../src/nftables/content.ts'
import { replace, update } from '../../src/nftables/transaction.ts'
import { Lab, type LabOptions } from '../../lab/lab.ts'
import { type Probe, Prober } from '../../lab/prober.ts'
import { changesOf } from '../situations/cells.ts'
import type { Moment } from '../situations/situation.ts'
import type { AddressPool } from '../arbitrary/pool.ts'
import { addressOf, type Host } from '../../lab/host.ts'
import type { LabNode } from '../../lab/node.ts'
import type { Flow } from '../../src/policy/verdict.ts'

export class EnforcedLab {
  readonly lab: Lab
  readonly prober: Prober
  readonly #backends: ReadonlyMap<LabNode, Backend>
  #compilers: ReadonlyMap<LabNode, Compiler>

  constructor(options: LabOptions) {
    this.lab = Lab.create(options)
    this.prober = new Prober(this.lab)
    this.#backends = new Map(this.lab.nodes.map((node) => [node, createBackend({ kind: 'netlink', namespace: `/run/netns/${node.namespace}` })]))
    this.#compilers = this.#newCompilers()
  }

  /** Pods and external hosts: everybody who sends and receives. */
  get hosts(): Host[] {
    return [...this.lab.pods, ...this.lab.externals]
  }

  /** The lab's addresses for random clusters. */
  get pool(): AddressPool {
    return {
      slots: this.lab.pods.map(({ address4, address6, node }) => ({ v4: address4, v6: address6, node: node.name })),
      outside: this.lab.externals.flatMap(({ address4, address6 }) => [address4, address6]),
      nodeNames: ['node-x', 'node-y'],
    }
  }

  /** Begins with another cluster: every node's table is replaced. */
  async load(changes: readonly Change[]): Promise<void> {
    this.#compilers = this.#newCompilers()
    for (const [node, compiler] of this.#compilers) {
      compiler.apply(changes)
      const backend = this.#backendOf(node)
      await backend.commit(replace(compiler.content, new Map(), backend.reader.state()))
    }
  }

  /** Goes on with the cluster: every node gets a delta. */
  async change(changes: readonly Change[]): Promise<void> {
    for (const [node, compiler] of this.#compilers) await this.#update(node, compiler.apply(changes))
  }

  /** Goes through the moments of a situation: each is given when the kernels enforce it. */
  async *follow(moments: readonly Moment[]): AsyncIterable<Moment> {
    let before: readonly Change[] | undefined
    for (const moment of moments) {
      const now = changesOf(moment)
      if (before === undefined) await this.load(now)
      else await this.change([...gone(before, now), ...now])
      before = now
      yield moment
    }
  }

  async counters(node: LabNode): Promise<ReadonlyMap<CounterName, number>> {
    const counters = await this.#backendOf(node).reader.counters()
    return new Map([...counters].map(([name, { packets }]) => [name, packets]))
  }

  close(): void {
    for (const backend of this.#backends.values()) backend.close()
    this.prober.close()
    this.lab.close()
  }

  async #update(node: LabNode, delta: Delta | undefined): Promise<void> {
    if (delta !== undefined) await this.#backendOf(node).commit(update(delta))
  }

  #backendOf(node: LabNode): Backend {
    return this.#backends.get(node)!
  }

  #newCompilers(): Map<LabNode, Compiler> {
    return new Map(this.lab.nodes.map((node) => [node, new Compiler(node.name)]))
  }
}

/** What was so and is not any more. */
function gone(before: readonly Change[], now: readonly Change[]): Change[] {
  const kept = new Set(now.map(({ kind, key }) => `${kind} ${key}`))
  return before.filter(({ kind, key }) => !kept.has(`${kind} ${key}`)).map((change): Change => ({ ...change, now: undefined }))
}

/** What a probe is to the evaluator. */
export function flowOf(from: Host, to: Host, { protocol, port, family }: Probe): Flow {
  return { source: addressOf(from, family), destination: addressOf(to, family), protocol: protocol === 'ICMP' ? 'other' : protocol, port }
}
