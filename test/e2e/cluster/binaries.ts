// Programs written in Go: built from source the first time (minutes), found in the cache after that (milliseconds).
import { execFile } from 'node:child_process'
import { homedir } from 'node:os'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'

const TOOLS = join(import.meta.dirname, 'tools')
const CACHE = process.env['VETHGUARD_CLUSTER_CACHE'] ?? join(homedir(), '.cache', 'vethguard-cluster')

/** Time that the first build may take on a small machine; for the timeouts of tests. */
export const BUILD_TIMEOUT_MS = 30 * 60_000

/** All that a lone API server needs. */
export const API_SERVER_PROGRAMS = ['etcd', 'kube-apiserver'] as const
/** All that a whole cluster needs. */
export const CLUSTER_PROGRAMS = [
  ...API_SERVER_PROGRAMS, 'agnhost', 'kube-controller-manager', 'kube-proxy', 'kube-scheduler', 'kubectl', 'kubelet',
] as const

export type ApiServerProgram = (typeof API_SERVER_PROGRAMS)[number]
export type ClusterProgram = (typeof CLUSTER_PROGRAMS)[number]

/** Where these programs are; builds those that are not there yet. */
export async function kubernetes<P extends ClusterProgram | 'netpol.test'>(programs: readonly P[]): Promise<(program: P) => string> {
  const folder = await runTool('build-kubernetes.sh', CACHE, ...programs)
  return (program) => join(folder, program)
}

/**
 * @param module with its version: `github.com/coredns/coredns@v1.15.0`
 * @param pkg relative to it
 * @param tags of the build, with commas between them
 * @returns the program
 */
export async function goInstall(module: string, pkg: string, tags = ''): Promise<string> {
  const folder = join(CACHE, module.replaceAll('/', '_'))
  await runTool('go-install.sh', `--tags=${tags}`, folder, module, pkg)
  return join(folder, basename(pkg === '.' ? module.replace(/@.*/, '') : pkg))
}

/**
 * Builds the tests of a package into one program, as the module's own go.mod says.
 * @param module with its version
 * @param pkg relative to it
 * @returns the program
 */
export async function goTest(module: string, pkg: string): Promise<string> {
  return runTool('go-test.sh', CACHE, join(CACHE, module.replaceAll('/', '_'), `${basename(pkg)}.test`), module, pkg)
}

/** Builds a program of tools/. @param source FILE.go, or a folder @param out the program */
export async function goBuild(source: string, out: string): Promise<void> {
  await runTool('go-build.sh', CACHE, out, source)
}

/** @param module with its version @returns the folder with its files */
export async function goModule(module: string): Promise<string> {
  return runTool('go-module.sh', CACHE, module)
}

/** Installs the Debian packages that nodes need, where they are missing. */
export async function installNodePackages(): Promise<void> {
  await runTool('packages.sh', 'nodes')
}

/** Runs one of the scripts in tools/, whose standard error says what takes so long. @returns what it prints */
export async function runTool(script: string, ...args: string[]): Promise<string> {
  const running = promisify(execFile)(join(TOOLS, script), args, { maxBuffer: 1 << 26 })
  running.child.stderr?.pipe(process.stderr)
  return (await running).stdout.trim()
}
