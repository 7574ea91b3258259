// Follows what changes in the kernel's tables: a multicast socket, read on a thread of libuv's pool.
import { closeSync, read } from 'node:fs'
import { hasErrno } from '../../base/errors.ts'
import { MSG_DONTWAIT, recv, send, setsockopt, SOL_SOCKET } from '../libc.ts'
import { messages } from '../message.ts'
import { MessageWriter } from '../message-writer.ts'
import { DATAGRAM_BYTES, openNetlinkSocket, setReceiveBuffer } from '../open-socket.ts'
import { NLM_F, NLMSG } from '../protocol.ts'
import { decodeEvent, type RouteEvent } from './decode.ts'
import { NETLINK_ROUTE, RTNLGRP } from './protocol.ts'

const SO_RCVTIMEO = 20
/** What was lost beyond this is told by one resync; see onLost. */
const RECEIVE_BYTES = 4 << 20
/** Datagrams taken in one go before others get the event loop. */
const DRAIN_LIMIT = 256
/** struct timeval of 1 s. A thread that waits in the kernel for ever would hold up process.exit(). */
const ONE_SECOND = Buffer.from(new BigInt64Array([1n, 0n]).buffer)

/** The kernel acknowledges this empty request by the same socket, which wakes the reader. */
const WAKE_UP = emptyRequest()

const GROUPS = Object.values(RTNLGRP).reduce((mask, group) => mask | (1 << (group - 1)), 0)

export interface RouteEventsOptions {
  /** Path of a network namespace; undefined: the process's own. */
  readonly namespace?: string | undefined
  readonly receiveBytes?: number | undefined
  /** What happened, in order. Events that came together are told together. */
  readonly onEvents: (events: readonly RouteEvent[]) => void
  /** Events were lost: only new dumps tell what there is. */
  readonly onLost: () => void
  /** Reading failed for good; nothing comes any more. */
  readonly onError: (error: Error) => void
}

/**
 * Links, host routes, neighbours and forwarding entries as they change. `fs.read` waits on a pool thread and costs about
 * 12 µs an event (0.1 ms at p99); Node's own sockets take no netlink descriptor. Occupies one thread: UV_THREADPOOL_SIZE.
 */
export class RouteEvents {
  readonly #fd: number
  readonly #options: RouteEventsOptions
  readonly #datagram = Buffer.alloc(DATAGRAM_BYTES)
  readonly #ended = Promise.withResolvers<undefined>()
  #closing = false
  #lost = false

  /** Events count from here on. */
  constructor(options: RouteEventsOptions) {
    this.#options = options
    this.#fd = openNetlinkSocket(NETLINK_ROUTE, options.namespace, GROUPS)
    setReceiveBuffer(this.#fd, options.receiveBytes ?? RECEIVE_BYTES)
    setsockopt(this.#fd, SOL_SOCKET, SO_RCVTIMEO, ONE_SECOND)
    this.#wait()
  }

  /** Resolves when the thread is free again. */
  async close(): Promise<void> {
    if (!this.#closing) {
      this.#closing = true
      send(this.#fd, WAKE_UP)
    }
    await this.#ended.promise
  }

  #wait(): void {
    read(this.#fd, this.#datagram, 0, DATAGRAM_BYTES, null, (error, length) => {
      if (this.#closing) this.#end()
      else if (error !== null && !RETRY.has(error.code)) this.#fail(error)
      else this.#proceed(error, length)
    })
  }

  #proceed(error: NodeJS.ErrnoException | null, length: number): void {
    const events = error === null ? this.#decode(length) : []
    if (error?.code === 'ENOBUFS') this.#lost = true
    const empty = this.#drain(events)
    if (events.length > 0) this.#options.onEvents(events)
    // Until the buffer is empty the kernel goes on dropping and says nothing: a look before that would miss what comes after it.
    if (empty && this.#lost) {
      this.#lost = false
      this.#options.onLost()
    }
    this.#wait()
  }

  /** Takes what else is waiting, up to a limit. @returns true if nothing is left */
  #drain(events: RouteEvent[]): boolean {
    for (let count = 0; count < DRAIN_LIMIT; count++) {
      const length = this.#receive()
      if (length === undefined) return true
      events.push(...this.#decode(length))
    }
    return false
  }

  #decode(length: number): RouteEvent[] {
    return Array.from(messages(this.#datagram, length), decodeEvent).filter((event) => event !== undefined)
  }

  /** @returns undefined if no datagram is waiting */
  #receive(): number | undefined {
    try {
      return recv(this.#fd, this.#datagram, MSG_DONTWAIT)
    } catch (error) {
      // Any other error comes again with the next read, which reports it.
      if (!hasErrno(error, 'ENOBUFS')) return undefined
      this.#lost = true
      return 0
    }
  }

  #fail(error: Error): void {
    this.#closing = true
    this.#end()
    this.#options.onError(error)
  }

  #end(): void {
    closeSync(this.#fd)
    this.#ended.resolve(undefined)
  }
}

/** EAGAIN: nothing came within SO_RCVTIMEO. */
const RETRY: ReadonlySet<string | undefined> = new Set(['EAGAIN', 'EINTR', 'ENOBUFS'])

function emptyRequest(): Buffer {
  const writer = new MessageWriter(0)
  writer.begin(NLMSG.NOOP, NLM_F.REQUEST | NLM_F.ACK, 0)
  writer.end()
  return writer.bytes
}
