// A lab node with the nine pods of the situations, a folder of manifests that says so, and real agents that enforce it.
import { mkdtempSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Family } from '../../src/cluster/address.ts'
import { createBackend } from '../../src/netlink/create-backend.ts'
import type { Backend } from '../../src/nftables/backend.ts'
import { Lab, type LabOptions } from '../../lab/lab.ts'
import { exec } from '../../lab/namespace.ts'
import { until } from '../../lab/patience.ts'
import type { LabPod } from '../../lab/pod.ts'
import { type Attempt, type Probe, Prober } from '../../lab/prober.ts'
import { fixtureObjects, type KubeObject, PODS, type Place, type PodName } from '../situations/fixture.ts'
import { AgentProcess } from './agent-process.ts'

export const PORT_80: Probe = { protocol: 'TCP', port: 80, family: 4 }

const PAIRS = PODS.flatMap((from) => PODS.filter((to) => to !== from).map((to) => ({ from, to })))

/** A cell of the matrix, as `x/a > y/b`. */
export type Cell = `${PodName} > ${PodName}`

export class AgentLab {
  readonly lab: Lab
  readonly prober: Prober
  readonly folder = mkdtempSync(join(tmpdir(), 'vethguard-agent-'))
  readonly #agents: AgentProcess[] = []
  readonly #backend: Backend

  /** Without external hosts and other nodes, unless said; the folder has the pods and namespaces, and no policy. */
  constructor(options: LabOptions = {}) {
    this.lab = Lab.create({ podsPerNode: PODS.length, ...options })
    this.prober = new Prober(this.lab)
    this.#backend = createBackend({ kind: 'netlink', namespace: `/run/netns/${this.namespace}`, own: false })
    this.write('cluster.json', fixtureObjects(this.place()))
  }

  get namespace(): string {
    return this.lab.nodes[0]!.namespace
  }

  place(family: Family = 4): Place {
    const slots = this.lab.pods.map(({ address4, address6, node }) => ({ v4: address4, v6: address6, node: node.name }))
    return { family, slots }
  }

  pod(name: PodName): LabPod {
    return this.lab.pods[PODS.indexOf(name)]!
  }

  /** Those of this lab, the last one last. */
  get launched(): readonly AgentProcess[] {
    return this.#agents
  }

  /** Starts an agent with its folder, which ends with the lab. */
  async start(...args: readonly string[]): Promise<AgentProcess> {
    const agent = this.launch(...args)
    await agent.heard('enforcing')
    return agent
  }

  /** Starts an agent, and does not wait. */
  launch(...args: readonly string[]): AgentProcess {
    const agent = new AgentProcess({ namespace: this.namespace, source: this.folder, args })
    this.#agents.push(agent)
    return agent
  }

  /** Puts a file into the folder in one step: text, or objects as a List. */
  write(file: string, content: string | readonly KubeObject[]): void {
    const text = typeof content === 'string' ? content : JSON.stringify({ apiVersion: 'v1', kind: 'List', items: content })
    writeFileSync(join(this.folder, '.new'), text)
    renameSync(join(this.folder, '.new'), join(this.folder, file))
  }

  remove(file: string): void {
    unlinkSync(join(this.folder, file))
  }

  /** Cells that are open, with answers. */
  open(probe: Probe = PORT_80): Cell[] {
    const verdicts = this.prober.judge(PAIRS.map(({ from, to }) => ({ from: this.pod(from), to: this.pod(to), probe })))
    return PAIRS.filter((_, index) => verdicts[index]!.verdict === 'allowed').map(({ from, to }): Cell => `${from} > ${to}`)
  }

  attempt(cell: Cell, probe: Probe = PORT_80): Attempt {
    const [from, to] = cell.split(' > ') as [PodName, PodName]
    return { from: this.pod(from), to: this.pod(to), probe }
  }

  /** Probes one cell until it is as wanted. */
  async untilCell(cell: Cell, verdict: 'allowed' | 'denied', probe: Probe = PORT_80): Promise<void> {
    await until(() => this.prober.probe(this.attempt(cell, probe)) === verdict, `${cell} to be ${verdict}`)
  }

  /** The kernel's number of the rules: another after each commit. */
  generation(): number {
    return this.#backend.reader.state().generation
  }

  /** Waits until a counter has counted more packets than it had in `before`. */
  async untilCounted(counter: string, before: Readonly<Record<string, number>>): Promise<void> {
    await until(async () => ((await this.counters())[counter] ?? 0) > (before[counter] ?? 0), `packets counted by ${counter}`)
  }

  /** Packets counted so far, by counter. */
  async counters(): Promise<Record<string, number>> {
    const counters = await this.#backend.reader.counters()
    return Object.fromEntries([...counters].map(([name, { packets }]) => [name, packets]))
  }

  /**
   * Sends something that is to be denied, and waits until the kernel has counted that.
   * @param arrival the event of the socket that tells that it was not
   */
  async expectDenied(counter: string, send: () => Socket, arrival: 'connect' | 'data'): Promise<void> {
    const before = await this.counters()
    const socket = send()
    const arrivals: unknown[] = []
    socket.once(arrival, (data) => arrivals.push(data))
    try {
      await this.untilCounted(counter, before)
      if (arrivals.length > 0) throw new Error(`${counter} has counted what has arrived all the same`)
    } finally {
      socket.destroy()
    }
  }

  /** Runs a program in the node. */
  exec(...argv: readonly string[]): string {
    return exec(this.namespace, argv)
  }

  async close(): Promise<void> {
    for (const agent of this.#agents) await agent.kill()
    this.#backend.close()
    this.prober.close()
    this.lab.close()
    rmSync(this.folder, { recursive: true })
  }
}

/** All cells of the matrix of which this is true. */
export function cells(isOpen: (from: PodName, to: PodName) => boolean): Cell[] {
  return PAIRS.filter(({ from, to }) => isOpen(from, to)).map(({ from, to }): Cell => `${from} > ${to}`)
}
