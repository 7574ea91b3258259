// Kubeconfig files -> the client's KubeConfig, with what the client leaves out.
import { readFileSync } from 'node:fs'
import { delimiter, dirname, resolve } from 'node:path'
import type { Cluster, KubeConfig } from '@kubernetes/client-node'
import { parse } from 'yaml'
import { VethguardError } from '../errors.ts'

export interface LoadedConfig {
  readonly config: KubeConfig
  /** That of the current context. */
  readonly cluster: Cluster
}

/** The files that a path names, as in KUBECONFIG. */
export function filesOf(path: string): string[] {
  return path.split(delimiter).filter((file) => file !== '')
}

/**
 * @param path of one file, or of several separated by `:`, the first of which says the current context
 * @throws VethguardError CONFIG_INVALID if a file cannot be read, or does not say how to reach a cluster
 */
export function loadKubeconfig(path: string, make: new () => KubeConfig): LoadedConfig {
  const config = new make()
  for (const [index, file] of filesOf(path).entries()) {
    const one = index === 0 ? config : new make()
    load(one, file)
    if (one !== config) config.mergeConfig(one, true)
  }
  const cluster = config.getCurrentCluster()
  if (cluster === null || config.getCurrentUser() === null) {
    const context = (config.getCurrentContext() as string | undefined) ?? ''
    const hint = 'set current-context to a context whose cluster and user are in the file'
    throw new VethguardError('CONFIG_INVALID', `the kubeconfig ${path} has no cluster and user for context "${context}": ${hint}`)
  }
  tellPlugin(config, cluster)
  return { config, cluster }
}

function load(config: KubeConfig, file: string): void {
  try {
    config.loadFromFile(file)
    useTokenFiles(config, file)
  } catch (cause) {
    throw new VethguardError('CONFIG_INVALID', `the kubeconfig ${file} cannot be read`, { cause })
  }
}

/** The client knows re-read token files only as those of service accounts. */
function useTokenFiles(config: KubeConfig, file: string): void {
  const { users } = parse(readFileSync(file, 'utf8')) as { users?: { name: string; user?: { tokenFile?: string } | null }[] | null }
  const tokenFiles = new Map(users?.map(({ name, user }) => [name, user?.tokenFile]))
  config.users = config.users.map((user) => {
    const tokenFile = tokenFiles.get(user.name)
    if (tokenFile === undefined) return user
    return { ...user, authProvider: { name: 'tokenFile', config: { tokenFile: resolve(dirname(file), tokenFile) } } }
  })
}

/** Exec plugins are told how they are called (client.authentication.k8s.io ExecCredential); the client leaves that out. */
function tellPlugin(config: KubeConfig, cluster: Cluster): void {
  const exec = config.getCurrentUser()?.exec as { apiVersion?: string; env?: { name: string; value: string }[] | null } | null | undefined
  if (exec === undefined || exec === null) return
  const info = { apiVersion: exec.apiVersion, kind: 'ExecCredential', spec: { interactive: false, cluster: { server: cluster.server } } }
  exec.env = [...(exec.env ?? []), { name: 'KUBERNETES_EXEC_INFO', value: JSON.stringify(info) }]
}
