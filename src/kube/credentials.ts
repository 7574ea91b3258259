// Who we are to the API server, and where it is. Two kinds: a Pod's service account, and a kubeconfig file.
import { VethguardError } from '../errors.ts'
import { inClusterCredentials } from './in-cluster.ts'
import { kubeconfigCredentials } from './kubeconfig.ts'

/** What tls.connect is given. */
export interface TlsMaterial {
  readonly ca?: string | Buffer
  readonly cert?: string | Buffer
  readonly key?: string | Buffer
  readonly servername?: string
  readonly rejectUnauthorized?: boolean
}

/** All that one request needs. */
export interface Access {
  /** Such as `https://10.96.0.1:443`, without a slash at the end; may have a path. */
  readonly server: string
  readonly headers: Readonly<Record<string, string>>
  readonly tls: TlsMaterial
  /** http, https or socks5; undefined: as the environment says (HTTPS_PROXY, NO_PROXY). */
  readonly proxyUrl: string | undefined
}

export interface Credentials {
  /** Current: tokens and certificates that were rotated are read again. @throws if they cannot be read */
  access(): Promise<Access>
  /** The server no longer takes them (401): nothing remembered is used again. */
  forget(): void
}

/**
 * @param kubeconfig path of a file (several: separated by `:`); undefined or empty: the service account of this Pod
 * @throws VethguardError CONFIG_INVALID if there are no credentials, or they cannot be read
 */
export async function findCredentials(kubeconfig: string | undefined, env: NodeJS.ProcessEnv): Promise<Credentials> {
  if (kubeconfig !== undefined && kubeconfig !== '') return kubeconfigCredentials(kubeconfig)
  if (env['KUBERNETES_SERVICE_HOST'] !== undefined) return inClusterCredentials(env)
  const hint = 'set KUBECONFIG to the path of a kubeconfig file, run in a Pod of the cluster, or give a folder with --source'
  throw new VethguardError('CONFIG_INVALID', `no way to the API server is known: ${hint}`)
}
