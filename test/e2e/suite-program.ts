// The program of an upstream suite, run to its end beside the API server.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { inNamespace } from '../../lab/namespace.ts'
import type { Cluster } from './cluster/cluster.ts'

/** Returns when the program has ended, with whatever status. Dies with this process. @param logFile takes both outputs */
export async function runSuiteProgram({ controlNode, kubeconfig }: Cluster, argv: readonly string[], logFile: string): Promise<void> {
  const log = openSync(logFile, 'w')
  try {
    const child = inNamespace(controlNode.namespace, () => spawn('setpriv', ['--pdeathsig', 'KILL', ...argv], {
      stdio: ['ignore', log, log],
      env: { ...process.env, KUBECONFIG: kubeconfig },
    }))
    await once(child, 'exit')
  } finally {
    closeSync(log)
  }
}
