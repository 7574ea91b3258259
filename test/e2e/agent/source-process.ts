// A source in a process of its own on a lab node, and what it has delivered.
import { join } from 'node:path'
import { Daemon } from '../cluster/daemon.ts'
import { until } from '../cluster/until.ts'

export interface Delivered {
  readonly kind: string
  readonly key: string
  /** null: gone. */
  readonly now: Readonly<Record<string, unknown>> | null
}

interface Line {
  readonly msg?: string
  readonly version?: string
  readonly changes?: readonly Delivered[]
  readonly object?: string
  readonly problems?: readonly { readonly field: string }[]
}

export class SourceProcess {
  private readonly daemon: Daemon

  /** Starts it. @param folder for its log */
  constructor({ namespace, kubeconfig, folder }: { readonly namespace: string; readonly kubeconfig: string; readonly folder: string }) {
    this.daemon = new Daemon({
      namespace,
      argv: [process.execPath, '--disable-warning=ExperimentalWarning', join(import.meta.dirname, 'source-printer.ts')],
      environment: { KUBECONFIG: kubeconfig },
      logFile: join(folder, 'source.log'),
    })
  }

  /** Everything that was delivered, in order. */
  delivered(): Delivered[] {
    return this.lines().flatMap(({ changes = [] }) => changes)
  }

  /** What is in force, by `kind key`. */
  state(): Map<string, Delivered['now']> {
    const last = new Map(this.delivered().map(({ kind, key, now }) => [`${kind} ${key}`, now]))
    return new Map([...last].filter(([, now]) => now !== null))
  }

  /** Keys of cluster policies and nodes that are in force. */
  clusterWide(): string[] {
    return [...this.state().keys()].filter((id) => /^(cluster-policy|node) /.test(id)).sort()
  }

  /** Fields with problems, of each object that has any. */
  problems(): Record<string, string[]> {
    const last = new Map(this.lines().flatMap(({ object, problems = [] }) => (object === undefined ? [] : [[object, problems.map(({ field }) => field)]])))
    return Object.fromEntries([...last].filter(([, fields]) => fields.length > 0))
  }

  /** Messages of its log. */
  messages(): string[] {
    return this.lines().flatMap(({ msg = '' }) => msg)
  }

  /** Versions of ClusterNetworkPolicy that it has turned to. */
  versions(): string[] {
    return this.lines().flatMap(({ version = [] }) => version)
  }

  /** Waits until `holds`. @throws Error with the end of what it has said */
  async until(what: string, holds: () => boolean): Promise<void> {
    try {
      await until(what, () => Promise.resolve(holds()), () => this.daemon.assertRunning())
    } catch (cause) {
      throw new Error(`${String(cause)}\n${this.daemon.logTail()}`, { cause })
    }
  }

  async kill(): Promise<void> {
    await this.daemon.kill()
  }

  /** Half a line at the end is being written. */
  private lines(): Line[] {
    return this.daemon.log.split('\n').slice(0, -1).map((line) => JSON.parse(line) as Line)
  }
}
