// Messages of rtnetlink as views into their datagram: these tables are short, and values are decoded at once.
import { eachAttribute, messages } from '../nf-tables/attributes.ts'

export interface Message {
  readonly type: number
  readonly flags: number
  readonly sequence: number
  /** What follows nlmsghdr. */
  readonly body: Buffer
}

/** Attribute type → payload. Of attributes with one type the last counts. */
export type Attributes = ReadonlyMap<number, Buffer>

/** The messages of one datagram, in order. */
export function readMessages(datagram: Buffer): Message[] {
  return Array.from(messages(datagram, datagram.length), ({ type, flags, sequence, start, end }) => {
    return { type, flags, sequence, body: datagram.subarray(start, end) }
  })
}

/** @param bytes attributes only: a message's body behind its family's fixed part, or a nested attribute's payload */
export function readAttributes(bytes: Buffer): Attributes {
  const attributes = new Map<number, Buffer>()
  eachAttribute(bytes, 0, bytes.length, (type, from, to) => attributes.set(type, bytes.subarray(from, to)))
  return attributes
}
