// Programs written in Go: built from source the first time (minutes), found in the cache after that (milliseconds).
import { execFile } from 'node:child_process'
import { homedir } from 'node:os'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'

const TOOLS = join(import.meta.dirname, 'tools')
const CACHE = process.env['VETHGUARD_CLUSTER_CACHE'] ?? join(homedir(), '.cache', 'vethguard-cluster')

/** Time that the first build may take on a small machine; for the timeouts of tests. */
export const BUILD_TIMEOUT_MS = 30 * 60_000

export type Program =
  | 'agnhost' | 'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kube-proxy' | 'kube-scheduler' | 'kubectl' | 'kubelet'
  | 'netpol.test'

/** Where Kubernetes' programs are; builds them when they are not there yet. */
export async function kubernetes(): Promise<(program: Program) => string> {
  const folder = await runTool('build-kubernetes.sh', CACHE)
  return (program) => join(folder, program)
}

/** @param module with its version: `github.com/coredns/coredns@v1.15.0` @param pkg relative to it @returns the program */
export async function goInstall(module: string, pkg: string): Promise<string> {
  const folder = join(CACHE, module.replaceAll('/', '_'))
  await runTool('go-install.sh', folder, module, pkg)
  return join(folder, basename(pkg === '.' ? module.replace(/@.*/, '') : pkg))
}

/** Installs the Debian packages that nodes need, where they are missing. */
export async function installNodePackages(): Promise<void> {
  await runTool('packages.sh', 'nodes')
}

/** Runs one of the scripts in tools/. @returns what it prints */
export async function runTool(script: string, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(join(TOOLS, script), args, { maxBuffer: 1 << 26 })
  return stdout.trim()
}
