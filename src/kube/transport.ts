// Requests to the API server over connections that are kept.
//
// HTTP/1.1 on purpose: each watch has a connection of its own, so that none waits behind another, and a lost one takes only
// itself along. HTTP/1.1 has no pings; a peer that is gone is noticed in three ways:
// - the kernel probes idle connections (TCP keep-alive): gone hosts and cut networks within 20 s;
// - a watch on which not even a bookmark comes in time is given up (`silenceMs`): hung servers and proxies that keep answering;
// - unanswered requests and connects time out.
import type { Readable } from 'node:stream'
import { isDeepStrictEqual } from 'node:util'
import { type Dispatcher, EnvHttpProxyAgent, ProxyAgent } from 'undici'
import type { Access, Credentials } from './credentials/access.ts'
import { readError } from './reflector/status.ts'

/** Idle time before the first keep-alive probe; libuv then sends one each second and gives up after ten. */
const KEEP_ALIVE_MS = 10_000
const CONNECT_TIMEOUT_MS = 10_000
/** Also of connections without a request: relists are rare, and a watch takes over what a list has left. */
const IDLE_TIMEOUT_MS = 60_000

export interface RequestOptions {
  readonly signal: AbortSignal
  /** Longest wait for the response to begin. */
  readonly answerMs: number
  /** Longest time without a byte; 0: the signal sees to that. */
  readonly silenceMs: number
}

interface Request {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: string
}

export class Transport {
  readonly #credentials: Credentials
  readonly #userAgent: string
  #pool: { readonly access: Access; readonly dispatcher: Dispatcher } | undefined

  constructor(credentials: Credentials, userAgent = 'vethguard') {
    this.#credentials = credentials
    this.#userAgent = userAgent
  }

  /**
   * @param path with query
   * @returns the body of a response of success
   * @throws ApiServerError for any other response; errors of undici, node:net and node:tls; what reading credentials throws
   */
  async get(path: string, options: RequestOptions): Promise<Readable> {
    return this.#request({ method: 'GET', path }, options)
  }

  /**
   * Creates an object.
   * @param path of its collection
   * @throws as get; ApiServerError 409 if there is an object of this name
   */
  async create(path: string, object: unknown, options: RequestOptions): Promise<void> {
    const body = await this.#request({ method: 'POST', path, body: JSON.stringify(object) }, options)
    await body.dump()
  }

  /** Ends all requests. */
  async close(): Promise<void> {
    await this.#pool?.dispatcher.destroy()
    this.#pool = undefined
  }

  async #request(request: Request, { signal, answerMs, silenceMs }: RequestOptions): Promise<Dispatcher.ResponseData['body']> {
    const access = await this.#credentials.access()
    const { origin, pathname } = new URL(access.server)
    const content = request.body === undefined ? {} : { 'content-type': 'application/json' }
    const { statusCode, headers, body } = await this.#dispatcherFor(access).request({
      ...request,
      origin,
      path: pathname.replace(/\/$/, '') + request.path,
      headers: { accept: 'application/json', 'user-agent': this.#userAgent, ...content, ...access.headers },
      signal,
      headersTimeout: answerMs,
      bodyTimeout: silenceMs,
    })
    if (statusCode === 200 || statusCode === 201) return body
    if (statusCode === 401) this.#credentials.forget()
    throw await readError(statusCode, headers['retry-after'], body)
  }

  /** New connections where certificates or addresses have changed; requests under way end on the old ones. */
  #dispatcherFor(access: Access): Dispatcher {
    if (this.#pool !== undefined && isSameRoute(this.#pool.access, access)) return this.#pool.dispatcher
    void this.#pool?.dispatcher.close()
    this.#pool = { access, dispatcher: dispatcherOf(access) }
    return this.#pool.dispatcher
  }
}

function isSameRoute(a: Access, b: Access): boolean {
  return a.server === b.server && a.proxyUrl === b.proxyUrl && isDeepStrictEqual(a.tls, b.tls)
}

function dispatcherOf({ tls, proxyUrl }: Access): Dispatcher {
  const keepAlive = { keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS }
  const options = {
    allowH2: false,
    connect: { ...tls, ...keepAlive, timeout: CONNECT_TIMEOUT_MS },
    requestTls: { ...tls, allowH2: false },
    proxyTls: keepAlive,
    connectTimeout: CONNECT_TIMEOUT_MS,
    keepAliveTimeout: IDLE_TIMEOUT_MS,
  }
  return proxyUrl === undefined ? new EnvHttpProxyAgent(options) : new ProxyAgent({ ...options, uri: proxyUrl })
}
