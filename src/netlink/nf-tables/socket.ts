// One NETLINK_NETFILTER socket: sends batches, asks questions. The kernel does all within send(2), so answers are there at once.
import { closeSync } from 'node:fs'
import { constants } from 'node:os'
import { hasErrno, NetlinkError, VethguardError } from '../../base/errors.ts'
import { atOnce, type Steps } from '../../base/steps.ts'
import { getsockname, MSG_DONTWAIT, recv, send, sendInBackground, setsockopt, SOL_SOCKET } from '../libc.ts'
import { DATAGRAM_BYTES, openNetlinkSocket, setReceiveBuffer, SOL_NETLINK } from '../open-socket.ts'
import { errnoOf, isEnd, messages, type Message } from '../message.ts'
import { MessageWriter, sequenceAfter } from '../message-writer.ts'
import { NLM_F } from '../protocol.ts'
import { NETLINK_NETFILTER } from './protocol.ts'

const SO_SNDBUF = 7
const SO_SNDBUFFORCE = 32
/** Errors without a copy of the message that they are about. */
const NETLINK_CAP_ACK = 10

/** A batch must fit into the send buffer whole: 100,000 elements are some 6 MB. */
const SEND_BYTES = 256 << 20
/** Room for the errors of a large batch, one for each message. */
const RECEIVE_BYTES = 8 << 20

/** Their answers must fit into the receive buffer, also where that is small. */
const QUESTIONS_AT_ONCE = 64

const CLOSED = -1

/** A question to nf_tables. */
export interface Request {
  /** In words, for errors. */
  readonly what: string
  readonly type: number
  readonly family: number
  /** All objects (a dump) instead of one. */
  readonly all?: boolean
  /** Writes the attributes. */
  readonly attributes?: (writer: MessageWriter) => void
}

/**
 * Keep it open: closing one soon after a commit makes the kernel wait until what was deleted is freed, some 10 ms
 * (nft_rcv_nl_event in net/netfilter/nf_tables_api.c).
 */
export class NetfilterSocket {
  #fd: number
  /** The kernel's name of this socket, by which a table knows its owner. */
  readonly portId: number
  readonly #datagram = Buffer.alloc(DATAGRAM_BYTES)
  #sequence = 1

  /** @param namespace path of a network namespace; undefined: the process's own */
  constructor(namespace?: string) {
    this.#fd = openNetlinkSocket(NETLINK_NETFILTER, namespace)
    try {
      setSendBuffer(this.#fd)
      setReceiveBuffer(this.#fd, RECEIVE_BYTES)
      setsockopt(this.#fd, SOL_NETLINK, NETLINK_CAP_ACK, 1)
      this.portId = getsockname(this.#fd).readUInt32LE(4)
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** Sends messages; the kernel has done what they say when this returns. */
  send(bytes: Buffer): void {
    send(this.#fd, bytes)
  }

  /** As send(), on another thread. */
  async sendInBackground(bytes: Buffer): Promise<void> {
    await sendInBackground(this.#fd, bytes)
  }

  /**
   * Asks, and gives each answer to `visit`, until the kernel says that it has no more.
   * @returns true if the answers are consistent, false if a commit ran into the dump
   * @throws NetlinkError
   */
  request(request: Request, visit: (answer: Message) => void): boolean {
    return atOnce(this.dump(request, visit))
  }

  /** As request(), with a step for each datagram of 32 KiB, which can take the kernel some milliseconds. */
  *dump(request: Request, visit: (answer: Message) => void): Steps<boolean> {
    const { what } = request
    const sequence = this.#ask(request)
    let consistent = true
    for (;;) {
      for (const answer of this.#receiveOne()) {
        if (answer.sequence !== sequence) continue
        consistent &&= (answer.flags & NLM_F.DUMP_INTR) === 0
        if (isEnd(answer)) return endedWell(what, answer) && consistent
        visit(answer)
      }
      yield
    }
  }

  /** Asks many questions about one thing each, at once. What the kernel refuses (there is no such thing) has no answer. */
  requestEach(requests: readonly Request[], visit: (answer: Message) => void): void {
    for (let at = 0; at < requests.length; at += QUESTIONS_AT_ONCE) {
      const last = this.#ask(...requests.slice(at, at + QUESTIONS_AT_ONCE))
      this.#visitUntil(last, visit)
    }
  }

  /** Until the question of this number has its end. */
  #visitUntil(last: number, visit: (answer: Message) => void): void {
    for (;;) {
      for (const answer of this.#receiveOne()) {
        if (!isEnd(answer)) visit(answer)
        else if (answer.sequence === last) return
      }
    }
  }

  /** @returns the sequence number of the last question, whose answers have an end */
  #ask(...requests: readonly Request[]): number {
    const writer = new MessageWriter(this.#sequence, 256)
    let sequence = 0
    for (const { type, family, all = false, attributes } of requests) {
      sequence = writer.begin(type, NLM_F.REQUEST | (all ? NLM_F.DUMP : 0), family)
      attributes?.(writer)
      if (!all && sequence === this.#sequence + requests.length - 1) writer.addFlags(NLM_F.ACK)
      writer.end()
    }
    this.#sequence = sequenceAfter(sequence)
    this.send(writer.bytes)
    return sequence
  }

  /** All messages that are there now, without those that there was no room for. */
  *receiveAll(): Generator<Message> {
    for (let length = this.#receiveRest(); length !== undefined; length = this.#receiveRest()) yield* messages(this.#datagram, length)
  }

  /** The messages of the next datagram. */
  *#receiveOne(): Generator<Message> {
    const length = this.#receive()
    if (length === undefined) throw new VethguardError('NETLINK', 'the kernel did not answer a netlink request')
    yield* messages(this.#datagram, length)
  }

  /** A full buffer is told once (ENOBUFS). Then what is in it must be read: until it is empty the kernel adds no more answers. */
  #receiveRest(): number | undefined {
    try {
      return this.#receive()
    } catch (error) {
      if (!hasErrno(error, 'ENOBUFS')) throw error
      return this.#receive()
    }
  }

  #receive(): number | undefined {
    return recv(this.#fd, this.#datagram, MSG_DONTWAIT)
  }

  /** What comes after fails with EBADF; the number may name another file by then. */
  close(): void {
    if (this.#fd === CLOSED) return
    closeSync(this.#fd)
    this.#fd = CLOSED
  }
}

/** @returns false if a table that was deleted meanwhile broke off the dump @throws NetlinkError */
function endedWell(what: string, answer: Message): boolean {
  const errno = errnoOf(answer)
  if (errno !== 0 && errno !== constants.errno.EINTR) throw new NetlinkError(what, errno)
  return errno === 0
}

/** Without CAP_NET_ADMIN in the first user namespace there is only as much as net.core.wmem_max allows. */
function setSendBuffer(fd: number): void {
  try {
    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, SEND_BYTES)
  } catch (error) {
    if (!hasErrno(error, 'EPERM')) throw error
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, SEND_BYTES)
  }
}
