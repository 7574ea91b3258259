// One NETLINK_ROUTE socket for dumps, in the agent's namespace or in a named one.
import { closeSync } from 'node:fs'
import { constants } from 'node:os'
import { NetlinkError } from '../../base/errors.ts'
import { recv, send, setsockopt } from '../libc.ts'
import { errnoOf, isEnd, messages, type Message } from '../message.ts'
import { MessageWriter, sequenceAfter } from '../message-writer.ts'
import { DATAGRAM_BYTES, openNetlinkSocket, SOL_NETLINK } from '../open-socket.ts'
import { NLM_F } from '../protocol.ts'
import { NETLINK_ROUTE } from './protocol.ts'

/** The kernel then takes the header and attributes of a dump request as filters, and refuses what it does not know. */
const NETLINK_GET_STRICT_CHK = 12
const DUMP_ATTEMPTS = 50

/** What to list, in words for errors, and as a message of linux/rtnetlink.h. */
export interface DumpRequest {
  readonly what: string
  readonly type: number
  readonly family: number
  /** The family's header behind its first 4 bytes, of which only `family` matters. */
  readonly fixed: Buffer
  /** Writes the attributes. */
  readonly attributes?: (writer: MessageWriter) => void
}

/** Lists what the kernel has. The answers are all there when the call returns. */
export class RouteSocket {
  readonly #fd: number
  readonly #datagram = Buffer.alloc(DATAGRAM_BYTES)
  #sequence = 0

  /** @param namespace path of a network namespace (/run/netns/NAME; needs SYS_ADMIN); undefined: the process's own */
  constructor(namespace?: string) {
    this.#fd = openNetlinkSocket(NETLINK_ROUTE, namespace)
    setsockopt(this.#fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, 1)
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
    throw new NetlinkError(`list ${request.what}, which changed ${DUMP_ATTEMPTS} times meanwhile`, constants.errno.EINTR)
  }

  close(): void {
    closeSync(this.#fd)
  }

  /** @returns undefined if a change ran into the dump */
  #dumpOnce<T>(request: DumpRequest, decode: (message: Message) => T | undefined): T[] | undefined {
    const values: T[] = []
    let whole = true
    for (const message of this.#answers(this.#ask(request))) {
      if (isEnd(message)) throwIfRefused(request.what, message)
      whole &&= (message.flags & NLM_F.DUMP_INTR) === 0
      const value = decode(message)
      if (value !== undefined) values.push(value)
    }
    return whole ? values : undefined
  }

  /** @returns the sequence number that answers will have */
  #ask({ type, family, fixed, attributes }: DumpRequest): number {
    this.#sequence = sequenceAfter(this.#sequence)
    const writer = new MessageWriter(this.#sequence, 128)
    writer.begin(type, NLM_F.REQUEST | NLM_F.DUMP, family)
    writer.fixed(fixed)
    attributes?.(writer)
    writer.end()
    send(this.#fd, writer.bytes)
    return this.#sequence
  }

  /** The messages that answer one request, the last of them its end. What an earlier, broken off dump left is skipped. */
  *#answers(sequence: number): Generator<Message> {
    for (let ended = false; !ended; ) {
      const length = recv(this.#fd, this.#datagram) ?? 0
      for (const message of messages(this.#datagram, length)) {
        if (message.sequence !== sequence) continue
        yield message
        ended ||= isEnd(message)
      }
    }
  }
}

function throwIfRefused(what: string, end: Message): void {
  const errno = errnoOf(end)
  if (errno !== 0) throw new NetlinkError(`list ${what}`, errno)
}
