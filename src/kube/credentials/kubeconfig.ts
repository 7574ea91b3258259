// Credentials of a kubeconfig file: certificates, tokens, exec plugins, proxies; by the Kubernetes project's own client.
import { statSync } from 'node:fs'
import type { RequestOptions } from 'node:https'
import { VethguardError } from '../../base/errors.ts'
import type { Access, Credentials, TlsMaterial } from './access.ts'
import { readCredential } from './credential-file.ts'
import { filesOf, loadKubeconfig, type LoadedConfig } from './kubeconfig-file.ts'

/** An exec plugin that waits for somebody to type is not waited for. */
const PLUGIN_TIMEOUT_MS = 30_000
const TOKEN_HINT = "put the token into the tokenFile of the kubeconfig's user"

/**
 * @param path of one file, or of several separated by `:`
 * @throws VethguardError CONFIG_INVALID if a file cannot be read, or does not say how to reach a cluster
 */
export async function kubeconfigCredentials(path: string): Promise<Credentials> {
  const { KubeConfig } = await import('@kubernetes/client-node') // loaded late: see in-cluster.ts
  let known: (LoadedConfig & { readonly stamp: string }) | undefined
  const load = (): LoadedConfig => {
    const stamp = stampOf(path)
    if (known?.stamp !== stamp) known = { ...loadKubeconfig(path, KubeConfig), stamp }
    return known
  }
  load()
  return {
    access: () => Promise.resolve().then(() => accessOf(load())),
    forget: () => {
      known = undefined // and with it what its authenticators remember
    },
  }
}

async function accessOf({ config, cluster, tokenFile }: LoadedConfig): Promise<Access> {
  const options: RequestOptions = {}
  await withTimeout(config.applyToHTTPSOptions(options))
  const { ca, cert, key, servername, rejectUnauthorized, auth } = options
  const basic = typeof auth === 'string' ? { authorization: `Basic ${Buffer.from(auth).toString('base64')}` } : {}
  const bearer = tokenFile === undefined ? {} : { authorization: `Bearer ${readCredential(tokenFile, TOKEN_HINT)}` }
  return {
    server: cluster.server,
    headers: { ...basic, ...headersOf(options), ...bearer },
    tls: withoutMissing({ ca, cert, key, servername, rejectUnauthorized }),
    proxyUrl: cluster.proxyUrl,
  }
}

/** Changes when one of the files does. */
function stampOf(path: string): string {
  const files = filesOf(path).map((file) => statSync(file, { throwIfNoEntry: false }))
  return files.map((stats) => `${stats?.ino ?? 0}:${stats?.mtimeMs ?? 0}:${stats?.size ?? 0}`).join()
}

async function withTimeout(work: Promise<void>): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>()
  const message = `the kubeconfig's exec plugin has not answered for ${PLUGIN_TIMEOUT_MS / 1000} s`
  const timer = setTimeout(() => reject(new VethguardError('CONFIG_INVALID', message)), PLUGIN_TIMEOUT_MS)
  try {
    await Promise.race([work, promise])
  } finally {
    clearTimeout(timer)
  }
}

/** Tokens of a plugin or in the file itself may end with a line feed, which no header may. */
function headersOf({ headers }: RequestOptions): Record<string, string> {
  return Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value).trim()]))
}

function withoutMissing(material: Record<string, unknown>): TlsMaterial {
  return Object.fromEntries(Object.entries(material).filter(([, value]) => value !== undefined && value !== null))
}
