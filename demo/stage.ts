// Everything that the demo puts on the machine: a folder, a lab of network namespaces, servers in its pods, the agent.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { Lab } from '../lab/lab.ts'
import { onProcessEnd } from '../lab/namespace.ts'
import type { LabNode } from '../lab/node.ts'
import { PATIENCE_MS } from '../lab/patience.ts'
import { type Cast, castOf, OUTSIDE_COUNT } from './cast.ts'
import { Child } from './child.ts'
import { type Cluster, copyExamples, readCluster } from './manifests.ts'
import { wireMetadata } from './metadata.ts'

const PROGRAM = join(import.meta.dirname, '..', 'bin', 'vethguard')
const SERVE = join(import.meta.dirname, 'serve.ts')

export class Stage {
  /** Of this demo; holds the manifests and the logs. */
  readonly folder: string
  readonly manifests: string
  readonly lab: Lab
  readonly cluster: Cluster
  readonly cast: Cast
  readonly node: LabNode
  readonly #children: Child[] = []
  readonly #forget: () => void

  private constructor(folder: string, cluster: Cluster, lab: Lab) {
    this.folder = folder
    this.manifests = manifestsIn(folder)
    this.cluster = cluster
    this.lab = lab
    this.node = lab.nodes[0]!
    this.cast = castOf(lab, cluster.pods)
    this.#forget = onProcessEnd(() => this.#removeNow())
  }

  /**
   * Builds the lab and starts the servers; takes about a second. However this process ends, all of it goes with it.
   * @param keepable it may be left behind by keep()
   * @throws Error when the manifests are not sound or do not fit the lab
   */
  static async create(keepable: boolean): Promise<Stage> {
    using failed = new DisposableStack()
    const folder = mkdtempSync(join(tmpdir(), 'vethguard-demo-'))
    failed.defer(() => rmSync(folder, { recursive: true, force: true }))
    copyExamples(manifestsIn(folder))
    const cluster = await readCluster(manifestsIn(folder))
    const lab = Lab.create({ podsPerNode: cluster.pods.length, external: OUTSIDE_COUNT, keep: keepable })
    failed.defer(() => lab.close())
    const stage = new Stage(folder, cluster, lab)
    wireMetadata(lab, stage.cast.metadata.actor.host)
    failed.defer(() => stage.#removeNow())
    await stage.#startServers()
    failed.move()
    return stage
  }

  get agentCommand(): string[] {
    const agent = [PROGRAM, 'agent', '--source', this.manifests, '--node-name', this.node.name]
    return ['ip', 'netns', 'exec', this.node.namespace, ...agent]
  }

  get agentLog(): string {
    return join(this.folder, 'agent.log')
  }

  /** Starts the agent. @returns how long it took until it enforced, in ms */
  async startAgent(): Promise<number> {
    const startedAt = performance.now()
    await this.#start(this.agentCommand, this.agentLog).until('"msg":"enforcing"', PATIENCE_MS)
    return performance.now() - startedAt
  }

  async close(): Promise<void> {
    await Promise.all(this.#children.map((child) => child.stop()))
    this.#removeNow()
  }

  /** Leaves everything as it is. @returns a program that removes it */
  keep(): string {
    const remove = join(this.folder, 'remove')
    const pids = this.#children.map(({ pid }) => pid).join(' ')
    const deletions = this.lab.namespaces.map((namespace) => `ip netns del ${namespace}`)
    writeFileSync(remove, ['#!/bin/sh', `kill ${pids}`, ...deletions, `rm -r ${this.folder}`, ''].join('\n'))
    chmodSync(remove, 0o755)
    this.#forget()
    return remove
  }

  async #startServers(): Promise<void> {
    const places = [...this.cast.services, this.cast.metadata].map(({ actor, protocol, port }) => `${actor.host.namespace}/${protocol}/${port}`)
    const log = join(this.folder, 'servers.log')
    await this.#start([process.execPath, '--disable-warning=ExperimentalWarning', SERVE, ...places], log).until('listening', PATIENCE_MS)
  }

  #start(argv: readonly string[], log: string): Child {
    const child = new Child(argv, log)
    this.#children.push(child)
    return child
  }

  #removeNow(): void {
    this.#forget()
    for (const child of this.#children) child.kill()
    this.lab.close()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

function manifestsIn(folder: string): string {
  return join(folder, 'manifests')
}
