// Reads netlink attributes, also nested ones. By offsets instead of views where dumps are long.
import { padded } from '../base/padded.ts'

const HEADER_BYTES = 4
/** Without the flags for nested attributes and byte order. */
const TYPE_MASK = 0x3fff

export interface Span {
  readonly start: number
  readonly end: number
}

/** Type → payload. Of several attributes of one type the last one counts. */
export type Attributes = ReadonlyMap<number, Buffer>

/** Calls `visit` with the type, and start and end of the payload, of each attribute. */
export function eachAttribute(bytes: Buffer, start: number, end: number, visit: (type: number, from: number, to: number) => void): void {
  for (let at = start; at + HEADER_BYTES <= end; ) {
    const length = bytes.readUInt16LE(at)
    if (length < HEADER_BYTES) return
    visit(bytes.readUInt16LE(at + 2) & TYPE_MASK, at + HEADER_BYTES, Math.min(at + length, end))
    at += padded(length)
  }
}

/** @returns where the payload of the attribute of that type is; undefined if there is none */
export function attribute(bytes: Buffer, { start, end }: Span, type: number): Span | undefined {
  let found: Span | undefined
  eachAttribute(bytes, start, end, (each, from, to) => {
    if (each === type) found = { start: from, end: to }
  })
  return found
}

/** @param bytes attributes only: a message's body behind its family's fixed part, or a nested attribute's payload */
export function readAttributes(bytes: Buffer): Attributes {
  const attributes = new Map<number, Buffer>()
  eachAttribute(bytes, 0, bytes.length, (type, from, to) => attributes.set(type, bytes.subarray(from, to)))
  return attributes
}

/** A zero-terminated string. */
export function textOf(bytes: Buffer, start: number, end: number): string {
  return bytes.toString('latin1', start, bytes[end - 1] === 0 ? end - 1 : end)
}
