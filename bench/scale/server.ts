// A child process that is an API server to one agent: WatchList over TLS, then changes. All that it says is made before it listens,
// so that it takes next to nothing of the machine while the agent is measured.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Churn, churnRound, LOCAL_CHANGES, type ResourceName } from './churn.ts'
import type { Order, Report } from './messages.ts'
import { namespaceObject, podObject, podsInOrder, policyObject, type ScaleWorld } from './objects.ts'

interface Told {
  readonly resource: ResourceName
  readonly bytes: Buffer
}

const BUFFER_BYTES = 64 << 10
const BOOKMARK_MS = 60_000
const MB = 1e6

/** Everything there is, ready to be sent. */
const initial = new Map<ResourceName, readonly Buffer[]>()
const streams = new Map<ResourceName, ServerResponse>()
/** What could not be told while nobody watched. */
const untold = new Map<ResourceName, Buffer[]>()
const rounds = new Map<Churn, readonly Told[]>()
let isChurning = false

function tell({ resource, bytes }: Told): void {
  const response = streams.get(resource)
  if (response !== undefined) response.socket?.write(bytes)
  else untold.set(resource, [...(untold.get(resource) ?? []), bytes])
}

async function watch(response: ServerResponse, resource: ResourceName, query: URLSearchParams): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/json', 'transfer-encoding': 'chunked' })
  response.flushHeaders()
  if (query.get('sendInitialEvents') === 'true') {
    for (const bytes of initial.get(resource) ?? []) {
      if (response.socket?.write(bytes) === false) await new Promise((resolve) => response.socket?.once('drain', resolve))
    }
  }
  streams.set(resource, response)
  for (const bytes of untold.get(resource) ?? []) response.socket?.write(bytes)
  untold.delete(resource)
  const end = setTimeout(() => endWatch(resource), Number(query.get('timeoutSeconds')) * 1000)
  const bookmarks = setInterval(() => tell({ resource, bytes: bookmark() }), BOOKMARK_MS)
  response.on('close', () => {
    clearTimeout(end)
    clearInterval(bookmarks)
    if (streams.get(resource) === response) streams.delete(resource)
  })
}

function endWatch(resource: ResourceName): void {
  const response = streams.get(resource)
  streams.delete(resource)
  response?.socket?.write('0\r\n\r\n')
  response?.socket?.end()
}

function forget(): void {
  const status = { kind: 'Status', status: 'Failure', code: 410, reason: 'Expired', message: 'too old resource version' }
  tell({ resource: 'pods', bytes: event('ERROR', status) })
  endWatch('pods')
}

/** Exponential waits: as changes come that know nothing of each other. */
async function tellAll(round: readonly Told[], perSecond: number): Promise<number> {
  const random = randomFrom(2)
  const startedAt = performance.now()
  let sent = 0
  for (let dueMs = 0; isChurning || sent % round.length !== 0; sent++) {
    dueMs -= (Math.log(1 - random()) * 1000) / perSecond
    const waitMs = startedAt + dueMs - performance.now()
    if (waitMs > 0) await sleep(waitMs)
    tell(round[sent % round.length]!)
  }
  return sent
}

/** One event as an HTTP chunk of its own, as the API server flushes it. */
function event(type: string, object: object): Buffer {
  const line = `${JSON.stringify({ type, object })}\n`
  return Buffer.from(`${Buffer.byteLength(line).toString(16)}\r\n${line}\r\n`)
}

function bookmark(annotations?: object): Buffer {
  return event('BOOKMARK', { kind: 'Pod', metadata: { resourceVersion: '1000', ...(annotations && { annotations }) } })
}

function prepare(world: ScaleWorld): void {
  const all = (count: number, make: (index: number) => object): Buffer[] => joined(count, (index) => event('ADDED', make(index)))
  const pods = podsInOrder(world)
  initial.set('pods', all(world.pods, (index) => podObject(world, pods[index]!)))
  initial.set('namespaces', all(world.namespaces, (index) => namespaceObject(index)))
  initial.set('networkpolicies', all(world.policies, (index) => policyObject(world, index)))
  for (const churn of Object.keys(LOCAL_CHANGES) as Churn[]) {
    rounds.set(churn, churnRound(world, churn, randomFrom(1)).map(({ resource, type, object }) => ({ resource, bytes: event(type, object) })))
  }
}

/** Many events in few buffers, with the bookmark that ends them. */
function joined(count: number, make: (index: number) => Buffer): Buffer[] {
  const buffers: Buffer[] = []
  let part: Buffer[] = []
  let bytes = 0
  for (let index = 0; index <= count; index++) {
    const next = index < count ? make(index) : bookmark({ 'k8s.io/initial-events-end': 'true' })
    part.push(next)
    bytes += next.length
    if (bytes < BUFFER_BYTES && index < count) continue
    buffers.push(Buffer.concat(part))
    part = []
    bytes = 0
  }
  return buffers
}

/** Numbers uniform in [0, 1), the same at every run (a linear congruential generator). */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32
}

function listen(order: Extract<Order, { do: 'listen' }>): void {
  prepare(order.world)
  const server = createServer({ cert: readFileSync(order.certificateFile), key: readFileSync(order.keyFile) }, (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'https://localhost')
    if (searchParams.has('watch')) void watch(response, pathname.slice(pathname.lastIndexOf('/') + 1) as ResourceName, searchParams)
    else response.writeHead(404).end() // the agent looks for ClusterNetworkPolicies
  })
  const bytes = sum(initial.get('pods') ?? [])
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo
    report({ did: 'listen', port, megabytes: Math.round(bytes / MB), bytesPerPod: Math.round(bytes / order.world.pods) })
  })
}

function sum(buffers: readonly Buffer[]): number {
  return buffers.reduce((total, { length }) => total + length, 0)
}

function report(message: Report): void {
  process.send?.(message)
}

async function follow(order: Order): Promise<void> {
  if (order.do === 'listen') listen(order)
  else if (order.do === 'forget') forget()
  else if (order.do === 'stop') isChurning = false
  else {
    isChurning = true
    report({ did: 'stop', sent: await tellAll(rounds.get(order.churn) ?? [], order.perSecond) })
  }
}

process.on('message', (order) => void follow(order as Order))
process.on('disconnect', () => process.exit())
