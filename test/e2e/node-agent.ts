// The agent as a process of the host inside a node's network namespace, where a DaemonSet's pod would be.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Daemon } from './cluster/daemon.ts'

const REPOSITORY = join(import.meta.dirname, '..', '..')

export interface NodeAgentOptions {
  /** In the API. */
  readonly nodeName: string
  readonly namespace: string
  readonly kubeconfig: string
  /** For its log. */
  readonly folder: string
  readonly flags?: readonly string[]
}

/** Starts it; the caller kills it. Rules stay in the node's kernel. */
export function startNodeAgent({ nodeName, namespace, kubeconfig, folder, flags = [] }: NodeAgentOptions): Daemon {
  mkdirSync(folder, { recursive: true })
  return new Daemon({
    namespace,
    argv: [join(REPOSITORY, 'bin', 'vethguard'), 'agent', ...flags],
    environment: { NODE_NAME: nodeName, KUBECONFIG: kubeconfig },
    logFile: join(folder, `agent-${nodeName}.log`),
  })
}
