// One NETLINK_ROUTE socket for requests, opened in the agent's namespace or in a named one.
import { closeSync, openSync } from 'node:fs'
import { NetlinkError } from '../../errors.ts'
import { AF_NETLINK, bind, EINTR, recv, send, setns, setsockopt, SOCK_RAW, socket, SOL_SOCKET } from '../libc.ts'
import { NLM_F, NLMSG, readMessages, writeMessage, type Message } from './message.ts'
import { NETLINK_ROUTE } from './protocol.ts'

const SO_RCVBUFFORCE = 33
const SOL_NETLINK = 270
/** The kernel then reads the header and attributes of a dump request as filters, and refuses what it does not know. */
const NETLINK_GET_STRICT_CHK = 12
/** The kernel fills at most 32 KiB a datagram when it sees that the reader takes that much. */
const DATAGRAM_BYTES = 64 * 1024
const DUMP_ATTEMPTS = 50

/** What to ask, in words for errors, and as a message of linux/rtnetlink.h. */
export interface DumpRequest {
  readonly what: string
  readonly type: number
  /** The family's header and attributes. */
  readonly body: Buffer
}

/**
 * Opens and binds a NETLINK_ROUTE socket.
 * @param namespace path of a network namespace (/run/netns/NAME; needs SYS_ADMIN); undefined: the process's own
 * @param groups mask of multicast groups
 */
export function openRouteSocket(namespace: string | undefined, groups = 0, receiveBytes = 1 << 20): number {
  const fd = namespace === undefined ? socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE) : socketInside(namespace)
  const address = Buffer.alloc(12)
  address.writeUInt16LE(AF_NETLINK, 0)
  address.writeUInt32LE(groups, 8)
  try {
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, receiveBytes)
    setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, 1)
    bind(fd, address)
  } catch (error) {
    closeSync(fd)
    throw error
  }
  return fd
}

/** A socket stays in the namespace it was made in; the thread comes back at once, without anything else having run. */
function socketInside(namespace: string): number {
  const home = openSync('/proc/thread-self/ns/net', 'r')
  try {
    const away = openSync(namespace, 'r')
    try {
      setns(away)
      return socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)
    } finally {
      setns(home)
      closeSync(away)
    }
  } finally {
    closeSync(home)
  }
}

/** Dumps what the kernel has. Requests are answered within the call; one at a time. */
export class RouteSocket {
  readonly #fd: number
  readonly #datagram = Buffer.alloc(DATAGRAM_BYTES)
  #sequence = 0

  constructor(namespace?: string) {
    this.#fd = openRouteSocket(namespace)
  }

  /**
   * Every answer of one dump, decoded; answers decoded to undefined are left out. A dump that a change ran into may miss
   * entries, so it is made again.
   * @throws NetlinkError if the kernel refuses, or if things change too fast to see them whole
   */
  dump<T>(request: DumpRequest, decode: (message: Message) => T | undefined): T[] {
    for (let attempt = 0; attempt < DUMP_ATTEMPTS; attempt++) {
      const values = this.#dumpOnce(request, decode)
      if (values !== undefined) return values
    }
    throw new NetlinkError(`list ${request.what}, ${DUMP_ATTEMPTS} times changed meanwhile`, EINTR)
  }

  close(): void {
    closeSync(this.#fd)
  }

  /** @returns undefined if a change ran into the dump */
  #dumpOnce<T>({ what, type, body }: DumpRequest, decode: (message: Message) => T | undefined): T[] | undefined {
    const sequence = ++this.#sequence
    send(this.#fd, writeMessage(type, NLM_F.REQUEST | NLM_F.DUMP, sequence, body))
    const values: T[] = []
    let whole = true
    for (const message of this.#answers(sequence)) {
      if (isEnd(message)) throwIfRefused(what, message)
      whole &&= (message.flags & NLM_F.DUMP_INTR) === 0
      const value = decode(message)
      if (value !== undefined) values.push(value)
    }
    return whole ? values : undefined
  }

  /** The messages that answer one request, the last of them its end. What an earlier, broken off dump left is skipped. */
  *#answers(sequence: number): Generator<Message> {
    for (let ended = false; !ended; ) {
      const length = recv(this.#fd, this.#datagram) ?? 0
      const messages = readMessages(this.#datagram.subarray(0, length)).filter((message) => message.sequence === sequence)
      yield* messages
      ended = messages.some(isEnd)
    }
  }
}

function isEnd({ type }: Message): boolean {
  return type === NLMSG.DONE || type === NLMSG.ERROR
}

/** Both kinds of end begin with a negative errno, or 0. */
function throwIfRefused(what: string, { body }: Message): void {
  const errno = body.length >= 4 ? -body.readInt32LE(0) : 0
  if (errno !== 0) throw new NetlinkError(`list ${what}`, errno)
}
