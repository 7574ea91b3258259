// Kubeconfig files -> the client's KubeConfig, with what the client leaves out.
import { readFileSync } from 'node:fs'
import { delimiter, dirname, resolve } from 'node:path'
import type { Cluster, KubeConfig } from '@kubernetes/client-node'
import { parse } from 'yaml'
import { VethguardError } from '../../base/errors.ts'

export interface LoadedConfig {
  readonly config: KubeConfig
  /** That of the current context. */
  readonly cluster: Cluster
  /** That of the current user, which the client knows only for service accounts. */
  readonly tokenFile: string | undefined
}

/** The files that a path names, as in KUBECONFIG. */
export function filesOf(path: string): string[] {
  return path.split(delimiter).filter((file) => file !== '')
}

/**
 * @param path of one file, or of several separated by `:`, the first that names a current context says which
 * @throws VethguardError CONFIG_INVALID if a file cannot be read, or does not say how to reach a cluster
 */
export function loadKubeconfig(path: string, make: new () => KubeConfig): LoadedConfig {
  const config = new make()
  config.setCurrentContext('')
  const tokenFiles = new Map<string, string | undefined>()
  for (const file of filesOf(path)) {
    try {
      const one = new make()
      one.loadFromFile(file)
      config.mergeConfig(one, config.getCurrentContext() !== '')
      for (const [user, tokenFile] of tokenFilesOf(file)) tokenFiles.set(user, tokenFile)
    } catch (cause) {
      throw new VethguardError('CONFIG_INVALID', `the kubeconfig ${file} cannot be read`, { cause })
    }
  }
  const cluster = config.getCurrentCluster()
  const user = config.getCurrentUser()
  if (cluster === null || user === null) {
    const hint = 'set current-context to a context whose cluster and user are in the file'
    throw new VethguardError('CONFIG_INVALID', `the kubeconfig ${path} has no cluster and user for context "${config.getCurrentContext()}": ${hint}`)
  }
  tellPlugin(config, cluster)
  return { config, cluster, tokenFile: tokenFiles.get(user.name) }
}

/** @returns by the name of the user */
function tokenFilesOf(file: string): Map<string, string | undefined> {
  const { users } = parse(readFileSync(file, 'utf8')) as { users?: { name: string; user?: { tokenFile?: string | null } | null }[] | null }
  const absolute = (tokenFile: string): string | undefined => (tokenFile === '' ? undefined : resolve(dirname(file), tokenFile))
  return new Map(users?.map(({ name, user }) => [name, absolute(user?.tokenFile ?? '')]))
}

/** Exec plugins are told how they are called (client.authentication.k8s.io ExecCredential); the client leaves that out. */
function tellPlugin(config: KubeConfig, cluster: Cluster): void {
  const exec = config.getCurrentUser()?.exec as { apiVersion?: string; env?: { name: string; value: string }[] | null } | null | undefined
  if (exec === undefined || exec === null) return
  const info = { apiVersion: exec.apiVersion, kind: 'ExecCredential', spec: { interactive: false, cluster: { server: cluster.server } } }
  exec.env = [...(exec.env ?? []), { name: 'KUBERNETES_EXEC_INFO', value: JSON.stringify(info) }]
}
