// Reads netlink: the messages of a datagram, the attributes of a message. Offsets instead of views, for dumps are long.

const TYPE_MASK = 0x3fff

export interface Message {
  readonly type: number
  readonly flags: number
  readonly sequence: number
  /** Where the part behind struct nlmsghdr begins and ends in the datagram. */
  readonly start: number
  readonly end: number
}

const HEADER_BYTES = 16
/** struct nfgenmsg, which stands between header and attributes. */
export const NFGENMSG_BYTES = 4

export function* messages(datagram: Buffer, length: number): Generator<Message> {
  for (let at = 0; at + HEADER_BYTES <= length; ) {
    const bytes = datagram.readUInt32LE(at)
    if (bytes < HEADER_BYTES) return
    yield {
      type: datagram.readUInt16LE(at + 4),
      flags: datagram.readUInt16LE(at + 6),
      sequence: datagram.readUInt32LE(at + 8),
      start: at + HEADER_BYTES,
      end: Math.min(at + bytes, length),
    }
    at += (bytes + 3) & ~3
  }
}

/** Calls `visit` with the type, and start and end of the payload, of each attribute. */
export function eachAttribute(bytes: Buffer, start: number, end: number, visit: (type: number, from: number, to: number) => void): void {
  for (let at = start; at + 4 <= end; ) {
    const length = bytes.readUInt16LE(at)
    if (length < 4) return
    visit(bytes.readUInt16LE(at + 2) & TYPE_MASK, at + 4, Math.min(at + length, end))
    at += (length + 3) & ~3
  }
}

export interface Span {
  readonly start: number
  readonly end: number
}

/** Payload of the attribute of that type, behind struct nfgenmsg in a message, or in another payload. */
export function attribute(bytes: Buffer, { start, end }: Span, type: number): Span | undefined {
  let found: Span | undefined
  eachAttribute(bytes, start, end, (each, from, to) => {
    if (each === type) found = { start: from, end: to }
  })
  return found
}

/** A zero-terminated string. */
export function textOf(bytes: Buffer, start: number, end: number): string {
  return bytes.toString('latin1', start, bytes[end - 1] === 0 ? end - 1 : end)
}
