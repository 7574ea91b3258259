// Who holds all connections that there are, and keeps asking on them, keeps no probe out: kubelet would kill the agent.
import { request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import pino from 'pino'
import { until } from '../../lab/patience.ts'
import { HealthServer } from '../../src/observe/server.ts'

/** More than the server has room for. */
const CLIENTS = 300
const PROBES = 20

let server: HealthServer
let clients: Client[]

beforeEach(async () => {
  const good = (): { isGood: boolean; text: string } => ({ isGood: true, text: 'good\n' })
  const answers = { livez: good, readyz: good, metrics: () => Promise.resolve({ contentType: 'text/plain', body: '' }) }
  server = await HealthServer.listen({ host: '127.0.0.1', port: 0 }, answers, { log: pino({ level: 'silent' }) })
  clients = Array.from({ length: CLIENTS }, () => new Client(server.address.port))
})

afterEach(async () => {
  for (const client of clients) client.close()
  await server.close()
})

/** Keeps a connection and asks on it, and has another when it is closed. */
class Client {
  answers = 0
  readonly #port: number
  #socket: Socket

  constructor(port: number) {
    this.#port = port
    this.#socket = this.#connect()
  }

  close(): void {
    this.#socket.destroy()
  }

  ask(): void {
    if (this.#socket.destroyed) this.#socket = this.#connect()
    this.#socket.write('GET /livez HTTP/1.1\r\nHost: a\r\n\r\n')
  }

  #connect(): Socket {
    return connect(this.#port, '127.0.0.1').on('error', () => undefined).on('data', () => this.answers++)
  }
}

/** @returns the status, or how the connection failed */
function probe(localAddress: string): Promise<number | string> {
  return new Promise((resolve) => {
    const options = { host: '127.0.0.1', port: server.address.port, path: '/livez', localAddress, agent: false }
    request(options, (response) => resolve(response.resume().statusCode ?? 0)).on('error', (error) => resolve(error.message)).end()
  })
}

test.each(['127.0.0.2', '127.0.0.1'])('a probe from %s is answered each time', async (from) => {
  const served = (): number => clients.filter(({ answers }) => answers > 1).length
  const askAll = (): void => clients.forEach((client) => client.ask())
  await until(() => {
    askAll()
    return served() > CLIENTS / 2 // they do hold them
  })
  const found: (number | string)[] = []
  for (let count = 0; count < PROBES; count++) {
    askAll()
    found.push(await probe(from))
  }
  expect(found).toEqual(Array(PROBES).fill(200))
})
