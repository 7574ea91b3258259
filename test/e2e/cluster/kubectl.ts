// kubectl, for what is a protocol of its own (exec, logs); everything else goes through ApiClient.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { inNamespace } from '../../../lab/namespace.ts'
import { kubernetes } from './binaries.ts'
import type { Cluster } from './cluster.ts'

/** @returns what it prints @throws Error with its standard error */
export async function kubectl({ controlNode, kubeconfig }: Cluster, ...args: readonly string[]): Promise<string> {
  const program = (await kubernetes(['kubectl']))('kubectl')
  const { stdout } = await inNamespace(controlNode.namespace, () =>
    promisify(execFile)(program, ['--kubeconfig', kubeconfig, ...args], { maxBuffer: 1 << 26 }))
  return stdout
}
