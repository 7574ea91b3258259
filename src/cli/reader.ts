// Where the cluster is read from, by the settings.
import process from 'node:process'
import type { Logger } from 'pino'
import type { Config } from '../config/options.ts'
import { findCredentials } from '../kube/credentials/credentials.ts'
import type { KubeObserver } from '../kube/observer.ts'
import { KubeSource } from '../kube/source.ts'
import { FolderSource } from '../manifests/folder.ts'
import type { KubeStatus } from '../observe/watch-metrics.ts'
import type { Source } from '../source.ts'

export interface Reader {
  readonly source: Source
  readonly status: () => KubeStatus
}

type ReaderConfig = Pick<Config, 'source' | 'kubeconfig' | 'nodeName' | 'clusterNetworkPolicies'>

/** The folder if there is one, else the API server of the kubeconfig file or of the Pod we are in. */
export function readerOf({ source, kubeconfig, nodeName, clusterNetworkPolicies: clusterPolicies }: ReaderConfig, observer: KubeObserver, log: Logger): Reader {
  if (source !== undefined) return { source: new FolderSource(source), status: () => new Map() }
  const credentials = () => findCredentials(kubeconfig, process.env)
  const server = new KubeSource({ nodeName, credentials, clusterPolicies, observer, log: log.child({ component: 'kube' }) })
  return { source: server, status: () => server.status() }
}
