// The address for probes and scrapes, over real connections.
import { once } from 'node:events'
import { connect, Server, type Socket } from 'node:net'
import { request } from 'node:http'
import { afterEach, describe, expect, jest, test } from '@jest/globals'
import pino from 'pino'
import { formatListenAddress } from '../../src/config/listen-address.ts'
import type { Exposition, Format } from '../../src/observe/exposition.ts'
import { PATIENCE_MS, until } from '../../lab/patience.ts'
import { liveness, readiness } from '../../src/observe/health.ts'
import { type Answers, HealthServer, type Limits } from '../../src/observe/server.ts'
import type { KubeStatus } from '../../src/observe/watch-metrics.ts'

/** Nothing ends because it takes long. */
const PATIENT: Limits = { connections: 256, requestMs: PATIENCE_MS, silenceMs: PATIENCE_MS, graceMs: PATIENCE_MS }
const GOOD = { isGood: true, text: 'good\n' }
const SILENT = { log: pino({ level: 'silent' }) }
const servers: HealthServer[] = []

async function serve(answers: Partial<Answers> = {}, limits: Partial<Limits> = {}): Promise<string> {
  const metrics = (format: Format): Promise<Exposition> => Promise.resolve({ contentType: `text/${format}`, body: 'a 1\n' })
  const all = { livez: () => GOOD, readyz: () => GOOD, metrics, ...answers }
  const server = await HealthServer.listen({ host: '127.0.0.1', port: 0 }, all, { ...SILENT, limits })
  servers.push(server)
  return `http://${formatListenAddress(server.address)}`
}

async function ask(url: string, init: RequestInit = {}): Promise<{ status: number; type: string | null; body: string }> {
  const response = await fetch(url, init)
  return { status: response.status, type: response.headers.get('content-type'), body: await response.text() }
}

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

test('says what it is told', async () => {
  const url = await serve({ readyz: () => ({ isGood: false, text: 'not ready\n' }) })
  expect(await ask(`${url}/livez`)).toMatchObject({ status: 200, body: 'good\n', type: expect.stringMatching(/^text\/plain/) })
  expect(await ask(`${url}/readyz`)).toMatchObject({ status: 503, body: 'not ready\n' })
  expect(await ask(`${url}/metrics`)).toEqual({ status: 200, body: 'a 1\n', type: 'text/text' })
})

test.each(['/', '/healthz', '/metrics/', '/livez/x', '//livez', '/%2e%2e/livez2'])('nothing else is there: %s', async (path) => {
  expect(await ask(await serve() + path)).toMatchObject({ status: 404 })
})

test('only GET and HEAD', async () => {
  const url = await serve()
  for (const path of ['/livez', '/readyz', '/metrics']) {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
      const response = await fetch(url + path, { method })
      expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
    }
    expect(await ask(url + path, { method: 'HEAD' })).toMatchObject({ status: 200, body: '' })
  }
})

test.each([
  [undefined, 'text'],
  ['*/*', 'text'],
  ['text/html', 'text'],
  ['application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.4,*/*;q=0.1', 'openmetrics'], // Prometheus 3
  ['text/plain;version=0.0.4;q=0.6,application/openmetrics-text;q=0.4', 'text'],
])('Accept: %s gets %s', async (accept, format) => {
  const url = await serve()
  expect(await ask(`${url}/metrics`, { headers: accept === undefined ? {} : { accept } })).toMatchObject({ type: `text/${format}` })
})

describe('the end', () => {
  test('comes at once where connections only wait for another request', async () => {
    const url = await serve({}, { graceMs: 10 * PATIENCE_MS, silenceMs: 10 * PATIENCE_MS }) // longer than a test
    await ask(`${url}/livez`) // fetch keeps the connection
    await servers.pop()!.close()
    await expect(fetch(`${url}/livez`)).rejects.toThrow()
  })

  test('does not wait for who has not asked anything', async () => {
    const url = await serve({}, { ...PATIENT, graceMs: 50 })
    const silent = connect(Number(new URL(url).port), '127.0.0.1')
    await new Promise((resolve) => silent.once('connect', resolve))
    await servers.pop()!.close()
    silent.destroy()
  })

  test('waits for a request that is being answered', async () => {
    const late = Promise.withResolvers<Exposition>()
    const metrics = jest.fn(() => late.promise)
    const url = await serve({ metrics }, PATIENT)
    const answer = ask(`${url}/metrics`)
    await until(() => metrics.mock.calls.length > 0)
    const closed = servers.pop()!.close()
    late.resolve({ contentType: 'text/plain', body: 'late\n' })
    await closed
    expect(await answer).toMatchObject({ status: 200, body: 'late\n' })
  })

  test('does not wait for who does not read, or never ends asking', async () => {
    const metrics = jest.fn(() => new Promise<Exposition>(() => undefined))
    const url = await serve({ metrics }, { ...PATIENT, graceMs: 50 })
    const stuck = request(`${url}/metrics`).on('error', () => undefined)
    stuck.end()
    const slow = request(`${url}/livez`, { method: 'POST', headers: { 'content-length': 5 } }).on('error', () => undefined)
    slow.flushHeaders()
    await until(() => metrics.mock.calls.length > 0)
    await servers.pop()!.close()
  })
})

describe('who takes more than is due', () => {
  test('one connection more than are allowed takes the place of the oldest', async () => {
    const url = await serve({}, { ...PATIENT, connections: 2 })
    const sockets: Socket[] = []
    for (let count = 0; count < 3; count++) {
      sockets.push(connect(Number(new URL(url).port), '127.0.0.1').on('error', () => undefined).resume())
      await once(sockets[count]!, 'connect')
    }
    await until(() => sockets[0]!.destroyed)
    for (const socket of sockets.slice(1)) {
      socket.end('GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
      expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1\.1 200/)
    }
  })

  test.each([
    ['says nothing', ''],
    ['does not come to the end of a request', 'GET /livez HTTP/1.1\r\n'],
  ])('who %s is let go', async (_, said) => {
    const url = await serve({}, { ...PATIENT, requestMs: 200 })
    const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => undefined).resume()
    socket.write(said)
    await until(() => socket.destroyed)
  })

  test('who does not read the answer is let go', async () => {
    const body = 'x'.repeat(32 * 2 ** 20) // more than buffers of both ends hold
    const listen = jest.spyOn(Server.prototype, 'listen')
    const url = await serve({ metrics: () => Promise.resolve({ contentType: 'text/plain', body }) }, { ...PATIENT, silenceMs: 300 })
    const [server] = listen.mock.contexts as Server[]
    listen.mockRestore()
    const serverEnds: Socket[] = []
    server!.on('connection', (socket) => serverEnds.push(socket))
    const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => undefined).pause()
    socket.write('GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n')
    await until(() => serverEnds[0]?.destroyed === true)
    socket.destroy()
  })
})

test('an error of the server, as when the kernel has no descriptor for a connection, is logged, and does not end the process', async () => {
  const lines: string[] = []
  const listen = jest.spyOn(Server.prototype, 'listen')
  const answers = { livez: () => GOOD, readyz: () => GOOD, metrics: () => Promise.reject(new Error()) }
  servers.push(await HealthServer.listen({ host: '127.0.0.1', port: 0 }, answers, { log: pino({ errorKey: 'err' }, { write: (line) => lines.push(line) }) }))
  const [server] = listen.mock.contexts as Server[]
  listen.mockRestore()
  server!.emit('error', new Error('accept EMFILE'))
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([{ level: 40, err: { message: 'accept EMFILE' } }])
})

describe('an address where nobody can listen', () => {
  test('is in use', async () => {
    const port = Number(new URL(await serve()).port)
    const answers = { livez: () => GOOD, readyz: () => GOOD, metrics: () => Promise.reject(new Error()) }
    await expect(HealthServer.listen({ host: '127.0.0.1', port }, answers, SILENT)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: `cannot answer probes and scrapes at 127.0.0.1:${port}: another program has this address; stop it (a second agent?), `
        + 'or choose another port (--listen, VETHGUARD_LISTEN; off: none)',
      cause: expect.objectContaining({ code: 'EADDRINUSE' }),
    })
  })

  test('is not of this machine', async () => {
    const answers = { livez: () => GOOD, readyz: () => GOOD, metrics: () => Promise.reject(new Error()) }
    await expect(HealthServer.listen({ host: '203.0.113.7', port: 9611 }, answers, SILENT)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/at 203\.0\.113\.7:9611: this node does not have the address/),
    })
  })
})

describe('liveness', () => {
  test.each([
    [undefined, 1e9, true],
    [1000, 1000, true],
    [1000, 61_000, true],
    [1000, 61_001, false],
  ])('last looked at %s, now %s: %s', (checkedAtMs, nowMs, isGood) => {
    expect(liveness({ checkedAtMs, busySinceMs: undefined }, nowMs).isGood).toBe(isGood)
  })

  test.each([
    [1000, 61_000, true],
    [1000, 61_001, false],
  ])('nothing has come out of what is being done since %s, now %s: %s', (busySinceMs, nowMs, isGood) => {
    expect(liveness({ checkedAtMs: nowMs, busySinceMs }, nowMs).isGood).toBe(isGood)
    expect(liveness({ checkedAtMs: undefined, busySinceMs }, nowMs).isGood).toBe(isGood)
  })

  test('says how long nothing has happened', () => {
    expect(liveness({ checkedAtMs: 0, busySinceMs: undefined }, 75_000).text).toBe('stuck: the agent has not looked after its tables for 75 s\n')
    expect(liveness({ checkedAtMs: 74_500, busySinceMs: 5000 }, 75_000).text).toBe('stuck: the kernel has not answered for 70 s\n')
  })
})

test('ready, it names what is not read all the same', () => {
  const resource = { connected: false, objects: 0, lastContactMs: undefined }
  const status: KubeStatus = new Map([
    ['pods', { ...resource, synced: true, error: 'gone' }],
    ['clusternetworkpolicies', { ...resource, synced: false, error: 'not allowed' }],
  ])
  expect(readiness({ isReady: true }, status)).toEqual({ isGood: true, text: 'ready\nclusternetworkpolicies are not read yet: not allowed\n' })
})

test('readiness names what is waited for, and why', () => {
  const resource = { synced: true, connected: true, objects: 1, lastContactMs: 1, error: undefined }
  const missing = { ...resource, synced: false, connected: false }
  const status = (pods: object, policies: object): KubeStatus => new Map([['pods', { ...resource, ...pods }], ['networkpolicies', { ...resource, ...policies }]])
  const texts = [new Map() as KubeStatus, status(missing, { ...missing, error: 'not allowed' }), status({}, {})]
    .map((each) => readiness({ isReady: false }, each))
  expect(texts).toEqual([
    { isGood: false, text: 'not ready\nnothing is read yet\n' },
    { isGood: false, text: 'not ready\npods are not read yet\nnetworkpolicies are not read yet: not allowed\n' },
    { isGood: false, text: 'not ready\neverything is read, and the kernel has not confirmed it yet\n' },
  ])
  expect(readiness({ isReady: true }, status({}, {}))).toEqual({ isGood: true, text: 'ready\n' })
})
