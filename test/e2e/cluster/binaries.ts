// Kubernetes' programs: built from source the first time (minutes), found in the cache after that (milliseconds).
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

const TOOLS = join(import.meta.dirname, 'tools')

/** Time that the first build may take on a small machine; for the timeouts of tests. */
export const BUILD_TIMEOUT_MS = 30 * 60_000

export type Program =
  | 'agnhost' | 'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kube-proxy' | 'kube-scheduler' | 'kubectl' | 'kubelet' | 'netpol.test'

/** Where the programs are; builds them when they are not there yet. Needs Go. */
export async function kubernetes(): Promise<(program: Program) => string> {
  const folder = await runTool('build-kubernetes.sh')
  return (program) => join(folder, program)
}

/** Installs the Debian packages that nodes need, where they are missing. */
export async function installNodePackages(): Promise<void> {
  await runTool('packages.sh')
}

/** Runs one of the scripts in tools/. @returns what it prints */
export async function runTool(script: string, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(join(TOOLS, script), args, { maxBuffer: 1 << 26 })
  return stdout.trim()
}
