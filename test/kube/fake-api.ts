// An API server in the test's own process that misbehaves on request: in its answers, and on open watches.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ResourceName } from '../../src/kube/reflector/resource.ts'
import { FakeHistory, type FakeEvent, type FakeObject } from './fake-history.ts'

/** What the next request for a resource gets instead of its answer. */
export type AnswerFault = 'gone' | 'throttled' | 'broken' | 'unavailable' | 'unauthorized' | 'forbidden' | 'reset' | 'mute' | 'too-large' | 'error-event'
/** What happens to the open watches of a resource. */
export type StreamFault = 'reset' | 'end' | 'half-line' | 'silence' | 'expired' | 'duplicate' | 'bookmark' | 'pieces' | 'garbage'

interface Stream {
  readonly resource: ResourceName
  readonly response: ServerResponse
  /** Told up to here. */
  version: number
  isSilent: boolean
  repeats: boolean
  inPieces: boolean
}

interface Created {
  readonly metadata: { readonly namespace: string; readonly name: string }
  readonly [field: string]: unknown
}

/** What faults are for: a resource, Events, or the question which versions of ClusterNetworkPolicy are served. */
export type Asked = ResourceName | 'events' | 'discovery'

interface FakeStatus {
  readonly code: number
  readonly reason: string
  readonly message: string
  readonly details?: object
}

const STATUS: Readonly<Record<Exclude<AnswerFault, 'reset' | 'mute' | 'error-event'>, FakeStatus>> = {
  'gone': { code: 410, reason: 'Expired', message: 'too old resource version' },
  'throttled': { code: 429, reason: 'TooManyRequests', message: 'please try again later' },
  'broken': { code: 500, reason: 'InternalError', message: 'something' },
  'unavailable': { code: 503, reason: 'ServiceUnavailable', message: 'starting' },
  'unauthorized': { code: 401, reason: 'Unauthorized', message: 'Unauthorized' },
  'forbidden': { code: 403, reason: 'Forbidden', message: 'this is forbidden: User "u" cannot watch resource' },
  'too-large': { code: 504, reason: 'Timeout', message: 'Too large', details: { causes: [{ reason: 'ResourceVersionTooLarge' }] } },
}
const EXISTS = { code: 409, reason: 'AlreadyExists', message: 'already exists' }
const REFUSED = { code: 422, reason: 'Invalid', message: 'sendInitialEvents: Forbidden' }
const NOT_FOUND = { code: 404, reason: 'NotFound', message: 'the server could not find the requested resource' }
const GROUP = '/apis/policy.networking.k8s.io'
const PAGE = 3

export class FakeApi {
  readonly history = new FakeHistory()
  /** Every request, as path with query. */
  readonly requests: string[] = []
  readonly headers: IncomingMessage['headers'][] = []
  /** What was created by POST, by name. */
  readonly created = new Map<string, Created>()
  streamsInitialEvents = true
  /** Continue tokens are no longer known. */
  forgetsPages = false
  /** Versions of ClusterNetworkPolicy that are served. */
  served: readonly string[] = []
  /** What these versions are said to have. */
  servedResources: readonly string[] = ['clusternetworkpolicies']
  #faults = new Map<Asked, AnswerFault[]>()
  #streams = new Set<Stream>()
  #server: Server | undefined
  #port = 0

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  get openStreams(): number {
    return this.#streams.size
  }

  /** Listens, again on the same port after a stop. */
  async listen(): Promise<void> {
    const server = createServer((request, response) => this.#answer(request, response))
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve))
    this.#port = (server.address() as AddressInfo).port
    this.#server = server
  }

  async stop(): Promise<void> {
    const server = this.#server
    if (server === undefined) return
    this.#streams.clear()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }

  put(resource: ResourceName, object: FakeObject): void {
    this.history.put(resource, object)
    this.#tell(resource)
  }

  remove(resource: ResourceName, object: FakeObject): void {
    this.history.remove(resource, object)
    this.#tell(resource)
  }

  /** The next request for the resource fails so; faults wait in line. */
  failNext(asked: Asked, fault: AnswerFault): void {
    this.#faults.set(asked, [...(this.#faults.get(asked) ?? []), fault])
  }

  /** Serves these versions of ClusterNetworkPolicy from now on: the CRD is changed, and its watches end. */
  serve(...versions: readonly string[]): void {
    this.served = versions
    this.disturb('clusternetworkpolicies', 'end')
  }

  disturb(resource: ResourceName, fault: StreamFault): void {
    for (const stream of this.#streams) if (stream.resource === resource) this.#disturb(stream, fault)
  }

  /** From now on a good server; what is broken already stays so. */
  calm(): void {
    this.#faults.clear()
    this.forgetsPages = false
    for (const stream of this.#streams) stream.repeats = false
  }

  #disturb(stream: Stream, fault: StreamFault): void {
    if (stream.isSilent) return
    DISTURBANCES[fault](stream)
    if (LAST_WORDS.has(fault)) stream.isSilent = true
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? ''
    const { pathname, searchParams } = new URL(path, this.url)
    const resource = pathname.slice(pathname.lastIndexOf('/') + 1) as ResourceName
    const isOfGroup = pathname.startsWith(GROUP)
    const isDiscovery = isOfGroup && resource !== 'clusternetworkpolicies'
    this.requests.push(path)
    this.headers.push(request.headers)
    const fault = this.#faults.get(isDiscovery ? 'discovery' : resource)?.shift()
    if (fault !== undefined) failAs(fault, response)
    else if (isDiscovery) this.#discover(pathname, response)
    else if (isOfGroup && !this.served.includes(versionIn(pathname))) fail(response, NOT_FOUND)
    else if (request.method === 'POST') void this.#create(request, response)
    else this.#read(resource, searchParams, response)
  }

  #read(resource: ResourceName, query: URLSearchParams, response: ServerResponse): void {
    if (query.has('watch')) this.#watch(resource, query, response)
    else this.#list(resource, query, response)
  }

  #discover(pathname: string, response: ServerResponse): void {
    const version = versionIn(pathname)
    if (version === '' && this.served.length > 0) response.end(JSON.stringify({ versions: this.served.map((each) => ({ version: each })) }))
    else if (this.served.includes(version)) response.end(JSON.stringify({ resources: this.servedResources.map((name) => ({ name })) }))
    else fail(response, NOT_FOUND)
  }

  async #create(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const object = JSON.parse(Buffer.concat(await request.toArray() as Buffer[]).toString()) as Created
    if (this.created.has(object.metadata.name)) {
      fail(response, EXISTS)
      return
    }
    this.created.set(object.metadata.name, object)
    response.writeHead(201).end(JSON.stringify(object))
  }

  #watch(resource: ResourceName, query: URLSearchParams, response: ServerResponse): void {
    const isInitial = query.get('sendInitialEvents') === 'true'
    if (isInitial && !this.streamsInitialEvents) {
      fail(response, REFUSED)
      return
    }
    response.writeHead(200, { 'content-type': 'application/json' })
    const version = isInitial ? this.history.version : Number(query.get('resourceVersion'))
    if (version < this.history.oldest) {
      response.end(line('ERROR', { kind: 'Status', ...STATUS.gone }))
      return
    }
    if (isInitial) {
      for (const object of this.history.objects(resource)) response.write(line('ADDED', object))
      response.write(bookmark(version, { 'k8s.io/initial-events-end': 'true' }))
    }
    const stream: Stream = { resource, response, version, isSilent: false, repeats: false, inPieces: false }
    this.#streams.add(stream)
    response.on('close', () => this.#streams.delete(stream))
    response.flushHeaders()
    this.#tell(resource)
  }

  #list(resource: ResourceName, query: URLSearchParams, response: ServerResponse): void {
    const [version, start] = (query.get('continue') ?? `${this.history.version}:0`).split(':').map(Number) as [number, number]
    if (start > 0 && (this.forgetsPages || version !== this.history.version)) {
      fail(response, STATUS.gone)
      return
    }
    const objects = this.history.objects(resource)
    const next = start + PAGE < objects.length ? `${version}:${start + PAGE}` : ''
    response.end(JSON.stringify({ metadata: { resourceVersion: String(version), continue: next }, items: objects.slice(start, start + PAGE) }))
  }

  #tell(resource: ResourceName): void {
    for (const stream of this.#streams) {
      if (stream.resource !== resource || stream.isSilent) continue
      const events = this.history.since(resource, stream.version)
      stream.version = this.history.version
      for (const event of events) write(stream, event)
    }
  }
}

/** After these the stream says nothing more. */
const LAST_WORDS: ReadonlySet<StreamFault> = new Set(['silence', 'end', 'reset', 'half-line', 'expired'])

const DISTURBANCES: Readonly<Record<StreamFault, (stream: Stream) => void>> = {
  'silence': () => undefined,
  'duplicate': (stream) => (stream.repeats = true),
  'pieces': (stream) => (stream.inPieces = true),
  'bookmark': ({ response, version }) => response.write(bookmark(version)),
  'garbage': ({ response }) => response.write('no json\n'),
  'expired': ({ response }) => response.write(line('ERROR', { kind: 'Status', status: 'Failure', ...STATUS.gone })),
  'end': ({ response }) => response.end(),
  'reset': ({ response }) => response.destroy(),
  'half-line': ({ response }) => {
    response.write(line('ADDED', { metadata: { name: 'ghost', namespace: 'ghosts' } }).slice(0, 40))
    setImmediate(() => response.destroy())
  },
}

function write({ response, repeats, inPieces }: Stream, { type, object }: FakeEvent): void {
  const text = line(type, object).repeat(repeats ? 2 : 1)
  if (!inPieces) response.write(text)
  else for (let index = 0; index < text.length; index += 7) response.write(text.slice(index, index + 7))
}

function line(type: string, object: object): string {
  return `${JSON.stringify({ type, object })}\n`
}

function bookmark(version: number, annotations?: object): string {
  return line('BOOKMARK', { metadata: { resourceVersion: String(version), ...(annotations && { annotations }) } })
}

/** Of `/apis/GROUP/VERSION/…`; empty if there is none. */
function versionIn(pathname: string): string {
  return pathname.split('/')[3] ?? ''
}

function failAs(fault: AnswerFault, response: ServerResponse): void {
  if (fault === 'mute') return
  if (fault === 'reset') response.destroy()
  else if (fault === 'error-event') response.end(line('ERROR', { kind: 'Status', ...STATUS.broken }))
  else fail(response, STATUS[fault])
}

function fail(response: ServerResponse, status: FakeStatus): void {
  const headers = status.code === 429 ? { 'retry-after': '1' } : {}
  response.writeHead(status.code, headers)
  response.end(JSON.stringify({ kind: 'Status', status: 'Failure', ...status }))
}
