// /livez, /readyz and /metrics at one address. Answers from the first moment: also while the cluster is being read.
import type { Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { accepts } from 'hono/accepts'
import { methodNotAllowed } from 'hono/method-not-allowed'
import type { Logger } from 'pino'
import { formatListenAddress, type ListenAddress } from '../config/listen-address.ts'
import { VethguardError } from '../base/errors.ts'
import { Connections } from './connections.ts'
import type { Exposition, Format } from './exposition.ts'
import type { Health } from './health.ts'

export interface Answers {
  readonly livez: () => Health
  readonly readyz: () => Health
  readonly metrics: (format: Format) => Promise<Exposition>
}

/** What all who connect may cost together. Scrapers and probes are few and quick; who is not gives others room. */
export interface Limits {
  /** At once; one more is taken in place of the oldest of who has the most. */
  readonly connections: number
  /** For a whole request to come, in ms. */
  readonly requestMs: number
  /** Without a byte either way, in ms: also who does not read the answer. */
  readonly silenceMs: number
  /** For what is being answered at the end, in ms. */
  readonly graceMs: number
}

const LIMITS: Limits = { connections: 256, requestMs: 10_000, silenceMs: 30_000, graceMs: 1000 }

export interface HealthServerOptions {
  readonly log: Logger
  readonly limits?: Partial<Limits>
}

const OPENMETRICS = 'application/openmetrics-text'
const TEXT = 'text/plain'

export class HealthServer {
  readonly #server: Server
  readonly #graceMs: number

  private constructor(server: Server, graceMs: number) {
    this.#server = server
    this.#graceMs = graceMs
  }

  /** @throws VethguardError CONFIG_INVALID if nobody can listen there */
  static async listen(address: ListenAddress, answers: Answers, { log, limits: given }: HealthServerOptions): Promise<HealthServer> {
    const limits = { ...LIMITS, ...given }
    const server = createAdaptorServer({
      fetch: appOf(answers).fetch,
      overrideGlobalObjects: false, // others here use Node's own Response
      serverOptions: { requestTimeout: limits.requestMs, headersTimeout: limits.requestMs, connectionsCheckingInterval: limits.requestMs / 2 },
    }) as Server
    const connections = new Connections(limits.connections)
    server.on('connection', (socket) => connections.add(socket))
    server.timeout = limits.silenceMs
    server.listen(address.port, address.host)
    try {
      await once(server, 'listening')
    } catch (cause) {
      throw cannotListen(address, cause as NodeJS.ErrnoException)
    }
    server.on('error', (err) => log.warn({ err }, 'a probe or a scrape could not be answered')) // without a listener it would end the process
    return new HealthServer(server, limits.graceMs)
  }

  /** As it is, where another port or any address was asked for. */
  get address(): ListenAddress {
    const { address, port } = this.#server.address() as AddressInfo
    return { host: address, port }
  }

  /** Takes no more requests, and answers those that are there. */
  async close(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close() // and connections that wait for another request
    const lastResort = setTimeout(() => this.#server.closeAllConnections(), this.#graceMs)
    await closed
    clearTimeout(lastResort)
  }
}

function appOf({ livez, readyz, metrics }: Answers): Hono {
  const app = new Hono()
  app.use(methodNotAllowed({ app }))
  app.get('/livez', (context) => told(context, livez()))
  app.get('/readyz', (context) => told(context, readyz()))
  app.get('/metrics', async (context) => {
    const { contentType, body } = await metrics(formatFor(context))
    return context.body(body, 200, { 'Content-Type': contentType })
  })
  return app
}

function told(context: Context, { isGood, text }: Health): Response {
  return context.text(text, isGood ? 200 : 503)
}

/** Text, unless OpenMetrics is asked for, and not asked for less. */
function formatFor(context: Context): Format {
  const type = accepts(context, { header: 'Accept', supports: [OPENMETRICS, TEXT], default: TEXT })
  return type === OPENMETRICS ? 'openmetrics' : 'text'
}

const REMEDIES: ReadonlyMap<string | undefined, string> = new Map([
  ['EADDRINUSE', 'another program has this address; stop it (a second agent?), or choose another port'],
  ['EADDRNOTAVAIL', 'this node does not have the address; choose one that it has'],
  ['EACCES', 'ports below 1024 need the capability NET_BIND_SERVICE; choose a higher one'],
])

function cannotListen(address: ListenAddress, cause: NodeJS.ErrnoException): VethguardError {
  const remedy = REMEDIES.get(cause.code) ?? `${cause.message}; choose another address`
  const message = `cannot answer probes and scrapes at ${formatListenAddress(address)}: ${remedy} (--listen, VETHGUARD_LISTEN; off: none)`
  return new VethguardError('CONFIG_INVALID', message, { cause })
}
