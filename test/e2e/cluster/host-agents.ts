// An agent for each node as a process of the host, which reads the API server with exactly the rights that the chart grants.
import { readFileSync } from 'node:fs'
import { Account, AGENT_RULES } from '../account.ts'
import { startNodeAgent } from '../node-agent.ts'
import type { Agents } from './agents.ts'
import type { Cluster } from './cluster.ts'
import type { Daemon } from './daemon.ts'
import { until } from './until.ts'

/** A token lives for ten minutes. */
const ROTATION_MS = 4 * 60_000

export class HostAgents implements Agents {
  readonly #account: Account
  readonly #daemons: ReadonlyMap<string, Daemon>
  readonly #cluster: Cluster
  readonly #rotation: NodeJS.Timeout

  /** @returns when all enforce */
  static async start(cluster: Cluster): Promise<HostAgents> {
    const agents = new HostAgents(cluster, await Account.create(cluster.plane, 'vethguard', AGENT_RULES))
    try {
      await agents.#enforcing()
    } catch (error) {
      await agents.close()
      throw error
    }
    return agents
  }

  private constructor(cluster: Cluster, account: Account) {
    this.#cluster = cluster
    this.#account = account
    this.#daemons = new Map(cluster.nodes.map(({ name, namespace }) => [name, startNodeAgent({
      nodeName: name, namespace, kubeconfig: account.kubeconfig, folder: cluster.folder,
    })]))
    this.#rotation = setInterval(() => void account.rotateToken(), ROTATION_MS)
  }

  async assertHealthy(): Promise<void> {
    for (const daemon of this.#daemons.values()) daemon.assertRunning()
    return Promise.resolve()
  }

  async logs(): Promise<ReadonlyMap<string, string>> {
    return Promise.resolve(new Map([...this.#daemons.keys()].map((name) => [name, this.#log(name)])))
  }

  async close(): Promise<void> {
    clearInterval(this.#rotation)
    await Promise.all([this.#account.close(), ...[...this.#daemons.values()].map((daemon) => daemon.kill())])
  }

  async #enforcing(): Promise<void> {
    for (const [name, daemon] of this.#daemons) {
      await until(`enforcing agent on ${name}`, () => Promise.resolve(this.#log(name).includes('"msg":"enforcing')), () => daemon.assertRunning())
    }
  }

  #log(node: string): string {
    return readFileSync(`${this.#cluster.folder}/agent-${node}.log`, 'utf8')
  }
}
