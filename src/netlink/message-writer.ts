// Writes netlink messages into one growing buffer: struct nlmsghdr, the fixed part of a family, and nested attributes.
import { padded } from '../base/padded.ts'

const NESTED = 0x8000
const HEADER_BYTES = 16
const ATTRIBUTE_HEADER_BYTES = 4
/** What the 16-bit length of an attribute can say. */
export const MAX_ATTRIBUTE_BYTES = 0xffff

/** Sequence numbers have 32 bits; where they begin again no answer to an old one is left. */
const LAST_SEQUENCE = 2 ** 31

export function sequenceAfter(sequence: number): number {
  return sequence >= LAST_SEQUENCE ? 1 : sequence + 1
}

/**
 * A buffer of messages. Attributes are nested by open() and close(); numbers are big-endian as in all of nfnetlink.
 * Strings are latin1, one char a byte.
 */
export class MessageWriter {
  #bytes: Buffer
  #length = 0
  #message = 0
  #sequence: number

  constructor(firstSequence: number, capacity = 8192) {
    this.#sequence = firstSequence
    this.#bytes = Buffer.allocUnsafe(capacity)
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length
  }

  /** What was written, as a view; valid until the next write. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  /** Sequence number of the next message. */
  get sequence(): number {
    return this.#sequence
  }

  /**
   * Begins a message of nfnetlink (struct nfgenmsg).
   * @param resource res_id, which only batches and logs use
   * @returns its sequence number
   */
  begin(type: number, flags: number, family: number, resource = 0): number {
    const at = this.#reserve(HEADER_BYTES + 4)
    const sequence = this.#sequence++
    this.#message = at
    this.#bytes.writeUInt16LE(type, at + 4)
    this.#bytes.writeUInt16LE(flags, at + 6)
    this.#bytes.writeUInt32LE(sequence, at + 8)
    this.#bytes.writeUInt32LE(0, at + 12)
    this.#bytes[at + 16] = family
    this.#bytes[at + 17] = 0
    this.#bytes.writeUInt16BE(resource, at + 18)
    return sequence
  }

  /** More of a family's fixed part, where that is longer than struct nfgenmsg (rtnetlink's are, and begin alike). */
  fixed(bytes: Buffer): void {
    const at = this.#reserve(bytes.length)
    bytes.copy(this.#bytes, at)
  }

  /** Ends the message. */
  end(): void {
    this.#bytes.writeUInt32LE(this.#length - this.#message, this.#message)
  }

  /** Adds NLM_F_* to the message that was begun last. */
  addFlags(flags: number): void {
    this.#bytes.writeUInt16LE(this.#bytes.readUInt16LE(this.#message + 6) | flags, this.#message + 6)
  }

  /** Begins a nested attribute. @returns what close() wants */
  open(type: number): number {
    return this.#attribute(type | NESTED, 0)
  }

  close(at: number): void {
    const length = this.#length - at
    if (length > MAX_ATTRIBUTE_BYTES) throw new RangeError(`nested attribute of ${length} bytes`)
    this.#bytes.writeUInt16LE(length, at)
  }

  u16(type: number, value: number): void {
    const at = this.#attribute(type, 2)
    this.#bytes.writeUInt32LE(0, at + 4)
    this.#bytes.writeUInt16BE(value, at + 4)
  }

  u32(type: number, value: number): void {
    const at = this.#attribute(type, 4)
    this.#bytes.writeInt32BE(value | 0, at + 4)
  }

  /** Register data of a number that the kernel keeps in host order, such as a classid or an interface index. */
  hostU32(type: number, value: number): void {
    const at = this.#attribute(type, 4)
    this.#bytes.writeInt32LE(value | 0, at + 4)
  }

  u64(type: number, value: number): void {
    const at = this.#attribute(type, 8)
    this.#bytes.writeBigUInt64BE(BigInt(value), at + 4)
  }

  /** Bytes as they are, given as a latin1 string. */
  raw(type: number, value: string): void {
    const at = this.#attribute(type, value.length) + ATTRIBUTE_HEADER_BYTES
    const bytes = this.#bytes
    for (let index = 0; index < value.length; index++) bytes[at + index] = value.charCodeAt(index)
    for (let index = at + value.length; index < this.#length; index++) bytes[index] = 0
  }

  /** A string with its terminating zero. */
  string(type: number, value: string): void {
    this.raw(type, `${value}\0`)
  }

  #attribute(type: number, payload: number): number {
    const at = this.#reserve(padded(ATTRIBUTE_HEADER_BYTES + payload))
    const bytes = this.#bytes
    const length = ATTRIBUTE_HEADER_BYTES + payload
    // By the byte: some times faster than writeUInt16LE(), and this runs several times for each element.
    bytes[at] = length & 255
    bytes[at + 1] = length >> 8
    bytes[at + 2] = type & 255
    bytes[at + 3] = type >> 8
    return at
  }

  #reserve(bytes: number): number {
    const at = this.#length
    this.#length += bytes
    if (this.#length > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#length, this.#bytes.length * 2))
      this.#bytes.copy(larger, 0, 0, at)
      this.#bytes = larger
    }
    return at
  }
}
