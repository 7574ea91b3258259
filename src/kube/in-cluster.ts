// The service account of the Pod that we run in. Done here, since loading @kubernetes/client-node for it costs every node
// two seconds and 60 MB (its generated API comes along).
import { readFileSync } from 'node:fs'
import { isIPv6 } from 'node:net'
import { join } from 'node:path'
import { VethguardError } from '../errors.ts'
import type { Access, Credentials } from './access.ts'

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'
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
  let known: Access | undefined
  let readAt = 0
  const access = (): Access => {
    if (known !== undefined && performance.now() - readAt < TOKEN_AGE_MS) return known
    readAt = performance.now()
    const headers = { authorization: `Bearer ${read(folder, 'token').trim()}` }
    return (known = { server, headers, tls: { ca: read(folder, 'ca.crt') }, proxyUrl: undefined })
  }
  access()
  return {
    access: () => Promise.resolve().then(access),
    forget: () => {
      known = undefined
    },
  }
}

function read(folder: string, file: string): string {
  try {
    return readFileSync(join(folder, file), 'utf8')
  } catch (cause) {
    const hint = 'mount the service account token (automountServiceAccountToken) or set KUBECONFIG'
    throw new VethguardError('CONFIG_INVALID', `${join(folder, file)} cannot be read; ${hint}`, { cause })
  }
}
