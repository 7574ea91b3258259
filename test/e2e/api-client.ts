// A small and fast client of the API server: kept connections, opened inside a network namespace. Tests measure latency with it.
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SecureContextOptions } from 'node:tls'
import { Pool } from 'undici'
import { until } from '../../lab/patience.ts'
import type { Credentials, Endpoint } from './cluster/kubeconfig.ts'
import { tlsConnector } from './connector.ts'
import { linesOf } from './lines.ts'
import { pathOf, type ApiObject, type ObjectReference } from './resource-path.ts'

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'
  /** For ERROR a Status, else an object of the resource that is watched. */
  readonly object: ApiObject & { readonly code?: number }
}

/** The API server said no; `status` is that of HTTP, the message is its own. */
export class ApiError extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
interface Body {
  readonly contentType: string
  readonly content: unknown
}

const CONNECTIONS = 8
/** Ask again later: so it answers while the storage of a definition that has just changed is set up. */
const TOO_MANY_REQUESTS = 429
const APPLY = 'application/apply-patch+yaml'
const MERGE = 'application/merge-patch+json'

export class ApiClient {
  private readonly pool: Pool
  private readonly credentials: Credentials

  /** @param namespace where connections are opened, because only there the endpoint is within reach */
  constructor(endpoint: Endpoint, credentials: Credentials, namespace: string) {
    this.credentials = credentials
    this.pool = new Pool(endpoint.url, {
      connections: CONNECTIONS,
      connect: tlsConnector(namespace, { ca: endpoint.authority, ...ownKey(credentials) }),
    })
  }

  /** @param path with its query: `/api/v1/pods?limit=1` @throws ApiError */
  async get(path: string): Promise<ApiObject> {
    return this.request('GET', path)
  }

  /** Creates an object or makes it as given, by server-side apply; fields applied before and not given now are removed. @throws ApiError */
  async apply(object: ApiObject): Promise<ApiObject> {
    return this.request('PATCH', `${pathOf(object)}?fieldManager=test&force=true`, { contentType: APPLY, content: object })
  }

  /** @throws ApiError 409 when it exists */
  async create(object: ApiObject): Promise<ApiObject> {
    return this.post(parentOf(pathOf(object)), object)
  }

  async post(path: string, content: unknown): Promise<ApiObject> {
    return this.request('POST', path, { contentType: 'application/json', content })
  }

  /** Merges (RFC 7386: null removes) into an object. @throws ApiError */
  async merge(object: ObjectReference, change: Record<string, unknown>): Promise<ApiObject> {
    return this.request('PATCH', pathOf(object), { contentType: MERGE, content: change })
  }

  /** Merges into an object's status, as kubelet does for pods. @throws ApiError */
  async mergeStatus(object: ObjectReference, status: Record<string, unknown>): Promise<ApiObject> {
    return this.request('PATCH', `${pathOf(object)}/status`, { contentType: MERGE, content: { status } })
  }

  /** Removes at once; with a grace period a pod that is on a node goes on terminating. @throws ApiError */
  async delete(object: ObjectReference, graceSeconds = 0): Promise<ApiObject> {
    return this.request('DELETE', `${pathOf(object)}?gracePeriodSeconds=${graceSeconds}`)
  }

  /** Removes an empty namespace, doing by itself what the controller manager would do. @throws ApiError */
  async deleteNamespace(name: string): Promise<void> {
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }
    await this.delete(namespace)
    const finalized = { ...namespace, spec: { finalizers: [] } }
    await this.request('PUT', `${pathOf(namespace)}/finalize`, { contentType: 'application/json', content: finalized })
  }

  /** Events until the server ends the watch. @param path `/api/v1/pods?resourceVersion=1` @throws ApiError when it refuses to begin */
  async *watch(path: string): AsyncGenerator<WatchEvent> {
    const { statusCode, body } = await this.send('GET', `${path}${path.includes('?') ? '&' : '?'}watch=true`)
    if (statusCode !== 200) throw errorOf(statusCode, await body.text())
    for await (const line of linesOf(body)) yield JSON.parse(line) as WatchEvent
  }

  /** The answer of endpoints that speak no JSON, such as /readyz and /metrics. @throws ApiError */
  async text(path: string): Promise<string> {
    return this.answer('GET', path)
  }

  async close(): Promise<void> {
    await this.pool.destroy()
  }

  private async request(method: Method, path: string, body?: Body): Promise<ApiObject> {
    return JSON.parse(await this.answer(method, path, body)) as ApiObject
  }

  private async answer(method: Method, path: string, body?: Body): Promise<string> {
    return until(async () => {
      const answer = await this.send(method, path, body)
      const text = await answer.body.text()
      if (answer.statusCode === TOO_MANY_REQUESTS) {
        await sleep(1000 * Number(answer.headers['retry-after'] ?? 1))
        return undefined
      }
      if (answer.statusCode >= 300) throw errorOf(answer.statusCode, text)
      return { text }
    }, `${method} ${path}`).then(({ text }) => text)
  }

  private async send(method: Method, path: string, body?: Body): Promise<Awaited<ReturnType<Pool['request']>>> {
    return this.pool.request({
      method,
      path,
      headers: { ...authorization(this.credentials), ...(body === undefined ? {} : { 'content-type': body.contentType }) },
      body: body === undefined ? null : JSON.stringify(body.content),
      bodyTimeout: 0, // a watch is silent as long as nothing happens
    })
  }
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'))
}

/** The token is read anew for each request, so that a rotated one is used at once. */
function authorization(credentials: Credentials): Record<string, string> {
  return 'tokenFile' in credentials ? { authorization: `Bearer ${readFileSync(credentials.tokenFile, 'utf8')}` } : {}
}

function errorOf(status: number, text: string): ApiError {
  try {
    return new ApiError(status, (JSON.parse(text) as { message: string }).message)
  } catch {
    return new ApiError(status, text)
  }
}

function ownKey(credentials: Credentials): SecureContextOptions {
  return 'tokenFile' in credentials ? {} : { cert: readFileSync(credentials.certificateFile), key: readFileSync(credentials.keyFile) }
}
