// Datagrams from one pod to another, each the first of a new connection, as long as something is going on: what arrives and what
// comes back is counted, so that not one leaked or dropped packet goes unnoticed.
import type { Socket } from 'node:dgram'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { formatAddress } from '../../../src/cluster/address.ts'
import { inNamespace } from '../../../lab/namespace.ts'
import { udpSocket } from '../../../lab/servers.ts'
import type { Place } from './reach.ts'

export interface StreamCounts {
  readonly sent: number
  /** How many reached the other pod. */
  readonly arrived: number
  /** How many of the other pod's answers came back. */
  readonly answered: number
  /** The longest time in which none was sent; this process may be held up. */
  readonly longestPauseMs: number
}

const PERIOD_MS = 2
/** How many make up for lost time at once: more might not fit into the receiver's buffer. */
const BURST = 8
/** Time for one to come back; this process may be held up for a second. */
const PATIENCE_MS = 3000
/** Source ports of a stream. They last for a minute, longer than the kernel remembers a connection of two datagrams (30 s). */
const PORTS = 27_000
const FIRST_PORT = 10_000

export interface StreamOptions {
  readonly from: Place
  readonly to: Place
  /** Of the server that the stream starts in the other pod. */
  readonly port: number
  /** Tells streams from the same pod apart: 0 or 1. */
  readonly lane: number
}

export class PacketStream {
  readonly name: string
  readonly #options: StreamOptions
  readonly #server = udpSocket(6)
  readonly #running: Promise<void>
  readonly #clients = new Set<Socket>()
  readonly #arrived = new Set<string>()
  readonly #answered = new Set<string>()
  #sent = 0
  #longestPauseMs = 0
  #isOver = false

  /** Starts at once. */
  constructor(options: StreamOptions) {
    this.name = `${options.from.name} -> ${options.to.name}`
    this.#options = options
    this.#server.on('message', (message, { port: source, address }) => {
      this.#arrived.add(message.toString())
      this.#server.send(message, source, address)
    })
    this.#running = this.#run()
  }

  async stop(): Promise<StreamCounts> {
    this.#isOver = true
    await this.#running
    await sleep(PATIENCE_MS)
    this.#server.close()
    for (const client of this.#clients) client.close()
    return { sent: this.#sent, arrived: this.#arrived.size, answered: this.#answered.size, longestPauseMs: this.#longestPauseMs }
  }

  async #run(): Promise<void> {
    const listening = once(this.#server, 'listening')
    inNamespace(this.#options.to.namespace, () => this.#server.bind(this.#options.port))
    await listening
    const start = performance.now()
    let last = start
    while (!this.#isOver) {
      const now = performance.now()
      this.#longestPauseMs = Math.max(this.#longestPauseMs, now - last)
      last = now
      for (let burst = 0; burst < BURST && this.#sent * PERIOD_MS <= now - start; burst++) this.#send() // timers come late
      await sleep(1)
    }
  }

  /** By turns of each family; from a port that was not used lately, else the packet would belong to an old connection. */
  #send(): void {
    const { from, to, port, lane } = this.#options
    const source = FIRST_PORT + lane * PORTS + this.#sent % PORTS
    const token = String(this.#sent++)
    const family = this.#sent % 2 === 0 ? 4 : 6
    const socket = udpSocket(family)
    const close = (): void => {
      if (this.#clients.delete(socket)) socket.close()
    }
    this.#clients.add(socket)
    socket.on('message', (message) => {
      this.#answered.add(message.toString())
      close()
    })
    inNamespace(from.namespace, () => socket.bind(source))
    socket.send(token, port, formatAddress(to.addresses[family]))
    setTimeout(close, PATIENCE_MS).unref()
  }
}
