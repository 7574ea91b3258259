// struct nlmsghdr and struct nlattr of linux/netlink.h: reading datagrams, writing requests.

export const NLMSG = { NOOP: 1, ERROR: 2, DONE: 3 } as const
export const NLM_F = { REQUEST: 1, ACK: 4, DUMP_INTR: 0x10, DUMP: 0x300 } as const

const HEADER_BYTES = 16
const ATTRIBUTE_HEADER_BYTES = 4
/** Without NLA_F_NESTED and NLA_F_NET_BYTEORDER. */
const ATTRIBUTE_TYPE_MASK = 0x3fff

export interface Message {
  readonly type: number
  readonly flags: number
  readonly sequence: number
  /** What follows nlmsghdr; a view into the datagram. */
  readonly body: Buffer
}

/** Attribute type → payload, a view into the message. Of attributes with one type the last counts. */
export type Attributes = ReadonlyMap<number, Buffer>

/** The messages of one datagram, in order. */
export function readMessages(datagram: Buffer): Message[] {
  const messages: Message[] = []
  for (let at = 0; at + HEADER_BYTES <= datagram.length; ) {
    const length = datagram.readUInt32LE(at)
    if (length < HEADER_BYTES || at + length > datagram.length) break
    messages.push({
      type: datagram.readUInt16LE(at + 4),
      flags: datagram.readUInt16LE(at + 6),
      sequence: datagram.readUInt32LE(at + 8),
      body: datagram.subarray(at + HEADER_BYTES, at + length),
    })
    at += aligned(length)
  }
  return messages
}

export function writeMessage(type: number, flags: number, sequence: number, body: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt32LE(HEADER_BYTES + body.length, 0)
  header.writeUInt16LE(type, 4)
  header.writeUInt16LE(flags, 6)
  header.writeUInt32LE(sequence, 8)
  return Buffer.concat([header, body])
}

export function readAttributes(bytes: Buffer): Attributes {
  const attributes = new Map<number, Buffer>()
  for (let at = 0; at + ATTRIBUTE_HEADER_BYTES <= bytes.length; ) {
    const length = bytes.readUInt16LE(at)
    if (length < ATTRIBUTE_HEADER_BYTES || at + length > bytes.length) break
    attributes.set(bytes.readUInt16LE(at + 2) & ATTRIBUTE_TYPE_MASK, bytes.subarray(at + ATTRIBUTE_HEADER_BYTES, at + length))
    at += aligned(length)
  }
  return attributes
}

/** An attribute that holds one 32-bit number in host order. */
export function writeUint32(type: number, value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeUInt16LE(8, 0)
  bytes.writeUInt16LE(type, 2)
  bytes.writeUInt32LE(value, 4)
  return bytes
}

function aligned(length: number): number {
  return (length + 3) & ~3
}
