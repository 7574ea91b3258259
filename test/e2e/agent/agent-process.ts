// An agent process on a lab node, and what it says in its log.
import { join } from 'node:path'
import type { LabNode } from '../../../lab/node.ts'
import type { Daemon } from '../cluster/daemon.ts'
import { until } from '../cluster/until.ts'
import { startNodeAgent } from '../node-agent.ts'

export interface AgentProcessOptions {
  readonly node: LabNode
  readonly kubeconfig: string
  /** For its log. */
  readonly folder: string
  readonly flags: readonly string[]
}

export class AgentProcess {
  private readonly daemon: Daemon
  /** Up to where its log has been heard. */
  private heard: number

  /** Starts it. */
  constructor({ node, kubeconfig, folder, flags }: AgentProcessOptions) {
    this.daemon = startNodeAgent({ nodeName: node.name, namespace: node.namespace, kubeconfig, folder: join(folder, node.name), flags })
    this.heard = this.daemon.log.length // an earlier one may have written into the same file
  }

  get isRunning(): boolean {
    return this.daemon.isRunning
  }

  /** All it has said since it was last asked, or started again. */
  hear(): string {
    const { log } = this.daemon
    const news = log.slice(this.heard)
    this.heard = log.length
    return news
  }

  /** Waits until it has said this since it was last heard. @returns the line @throws Error with all it said instead */
  async says(what: string | RegExp): Promise<string> {
    try {
      return await until(`"${what.toString()}"`, () => Promise.resolve(this.lineWith(what)), () => this.daemon.assertRunning())
    } catch (cause) {
      throw new Error(`the agent did not say ${what.toString()}:\n${this.hear()}`, { cause })
    }
  }

  /** Ends it, and waits for its end. Rules stay in the node's kernel. */
  async kill(signal?: NodeJS.Signals): Promise<void> {
    await this.daemon.kill(signal)
  }

  /** Starts it anew. */
  restart(): void {
    this.hear()
    this.daemon.start()
  }

  private lineWith(what: string | RegExp): string | undefined {
    const lines = this.daemon.log.slice(this.heard).split('\n')
    return lines.find((line) => (typeof what === 'string' ? line.includes(what) : what.test(line)))
  }
}
