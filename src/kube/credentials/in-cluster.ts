// The service account of the Pod that we run in. Done here, since loading @kubernetes/client-node for it costs every node
// two seconds and 60 MB (its generated API comes along).
import { isIPv6 } from 'node:net'
import { join } from 'node:path'
import type { Access, Credentials } from './access.ts'
import { readCredential } from './credential-file.ts'

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'
const HINT = 'mount the service account token (automountServiceAccountToken) or set KUBECONFIG'
/** The kubelet renews tokens when a fifth of their life is left: minutes at least. */
const TOKEN_AGE_MS = 60_000

/**
 * @param env with KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT, as the kubelet sets them
 * @param folder where the kubelet mounts token and ca.crt
 * @throws VethguardError CONFIG_INVALID if these cannot be read
 */
export function inClusterCredentials(env: NodeJS.ProcessEnv, folder = SERVICE_ACCOUNT): Credentials {
  const host = env['KUBERNETES_SERVICE_HOST'] ?? ''
  const server = `https://${isIPv6(host) ? `[${host}]` : host}:${env['KUBERNETES_SERVICE_PORT'] ?? '443'}`
  const read = (name: string): string => readCredential(join(folder, name), HINT)
  let known: Access | undefined
  let readAt = 0
  const access = (): Access => {
    if (known !== undefined && performance.now() - readAt < TOKEN_AGE_MS) return known
    const headers = { authorization: `Bearer ${read('token')}` }
    known = { server, headers, tls: { ca: read('ca.crt') }, proxyUrl: undefined }
    readAt = performance.now()
    return known
  }
  access()
  return {
    access: () => Promise.resolve().then(access),
    forget: () => {
      known = undefined
    },
  }
}
