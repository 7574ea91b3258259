// Who we are to the API server, and where it is. Two kinds: a Pod's service account, and a kubeconfig file.
import { VethguardError } from '../../base/errors.ts'
import type { Credentials } from './access.ts'
import { inClusterCredentials } from './in-cluster.ts'
import { kubeconfigCredentials } from './kubeconfig.ts'

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
