// The messages of a netlink datagram.
import { padded } from '../base/padded.ts'
import { NLMSG } from './protocol.ts'

/** struct nlmsghdr, and where the part behind it lies. To be read before the next datagram is received into the same buffer. */
export interface Message {
  readonly type: number
  readonly flags: number
  readonly sequence: number
  readonly datagram: Buffer
  /** Where the part behind the header begins and ends in the datagram. */
  readonly start: number
  readonly end: number
}

const HEADER_BYTES = 16

/** The messages of one datagram, in order. @param length bytes received */
export function* messages(datagram: Buffer, length: number): Generator<Message> {
  for (let at = 0; at + HEADER_BYTES <= length; ) {
    const bytes = datagram.readUInt32LE(at)
    if (bytes < HEADER_BYTES) return
    yield {
      type: datagram.readUInt16LE(at + 4),
      flags: datagram.readUInt16LE(at + 6),
      sequence: datagram.readUInt32LE(at + 8),
      datagram,
      start: at + HEADER_BYTES,
      end: Math.min(at + bytes, length),
    }
    at += padded(bytes)
  }
}

/** What follows the header, as a view. */
export function bodyOf({ datagram, start, end }: Message): Buffer {
  return datagram.subarray(start, end)
}

/** Whether this is the end of what answers a request: of a dump, or an acknowledgement or error. */
export function isEnd({ type }: Message): boolean {
  return type === NLMSG.DONE || type === NLMSG.ERROR
}

/** @returns the positive errno of an end, or 0: both kinds of end begin with it, negated */
export function errnoOf({ datagram, start }: Message): number {
  return Math.abs(datagram.readInt32LE(start))
}
