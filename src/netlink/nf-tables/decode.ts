// What the kernel says → keys and values, counters and tables. The other direction of elements.ts.
import { predecessor, type Address } from '../../cluster/address.ts'
import type { CounterName, Key, Value } from '../../nftables/content.ts'
import type { SetName } from '../../nftables/schema.ts'
import type { CounterValue, TableFlag } from '../../nftables/transaction.ts'
import { attribute, eachAttribute, textOf } from '../attributes.ts'
import type { Message } from '../message.ts'
import { interval, swapHostFields } from './elements.ts'
import {
  COUNTER, DATA, ELEMENT, ELEMENT_INTERVAL_END, ELEMENTS, NFGENMSG_BYTES, OBJECT, TABLE, TABLE_FLAG, USERDATA_COMMENT,
} from './protocol.ts'

interface RawElement {
  key: string
  keyEnd: string | undefined
  isEnd: boolean
  value: Value
}

/** Takes the messages of one set's dump and puts its elements together. */
export class ElementsDecoder {
  readonly #set: SetName
  readonly #elements: RawElement[] = []

  constructor(set: SetName) {
    this.#set = set
  }

  take({ datagram, start, end }: Message): void {
    const list = attribute(datagram, { start: start + NFGENMSG_BYTES, end }, ELEMENTS.LIST)
    if (list === undefined) return
    eachAttribute(datagram, list.start, list.end, (_, from, to) => this.#elements.push(readElement(datagram, from, to)))
  }

  /** @returns undefined if the kernel told an element twice: it was rearranging its hash table, and may have left out others */
  finish(): ReadonlyMap<Key, Value> | undefined {
    const entries = this.drain()
    const map = new Map(entries)
    return map.size === entries.length ? map : undefined
  }

  /** What was taken so far, which is forgotten. Of a set of ranges of one field only the whole can be put together. */
  drain(): (readonly [Key, Value])[] {
    const elements = this.#elements.splice(0)
    return interval(this.#set) === 'tree' ? pairRanges(elements) : elements.map((each) => this.#entry(each))
  }

  #entry({ key, keyEnd, value }: RawElement): readonly [Key, Value] {
    if (interval(this.#set) === 'none') return [key as Key, value]
    return [(swapHostFields(this.#set, key) + swapHostFields(this.#set, keyEnd ?? key)) as Key, value]
  }
}

/** Name, value and comment of a counter object. */
export function readCounter({ datagram, start, end }: Message): readonly [CounterName, CounterValue] {
  let name = ''
  let packets = 0
  let bytes = 0
  let comment: string | undefined
  eachAttribute(datagram, start + NFGENMSG_BYTES, end, (type, from, to) => {
    if (type === OBJECT.NAME) name = textOf(datagram, from, to)
    if (type === OBJECT.USERDATA) comment = commentIn(datagram, from, to)
    if (type !== OBJECT.DATA) return
    eachAttribute(datagram, from, to, (each, at) => {
      if (each === COUNTER.BYTES) bytes = Number(datagram.readBigUInt64BE(at))
      if (each === COUNTER.PACKETS) packets = Number(datagram.readBigUInt64BE(at))
    })
  })
  return [name as CounterName, { packets, bytes, ...(comment === undefined ? {} : { comment }) }]
}

/** Userdata is a list of type, length, value. */
function commentIn(bytes: Buffer, start: number, end: number): string | undefined {
  for (let at = start; at + 2 <= end; at += 2 + bytes.readUInt8(at + 1)) {
    if (bytes[at] === USERDATA_COMMENT) return textOf(bytes, at + 2, Math.min(at + 2 + bytes.readUInt8(at + 1), end))
  }
  return undefined
}

export interface KernelTable {
  readonly family: number
  readonly name: string
  readonly handle: bigint
  readonly flags: readonly TableFlag[]
  /** Port id of the owner's socket, if the flags say that there is one. */
  readonly owner: number
}

export function readTable({ datagram, start, end }: Message): KernelTable {
  let name = ''
  let handle = 0n
  let flags = 0
  let owner = 0
  eachAttribute(datagram, start + NFGENMSG_BYTES, end, (type, from, to) => {
    if (type === TABLE.NAME) name = textOf(datagram, from, to)
    else if (type === TABLE.HANDLE) handle = datagram.readBigUInt64BE(from)
    else if (type === TABLE.FLAGS) flags = datagram.readUInt32BE(from)
    else if (type === TABLE.OWNER) owner = datagram.readUInt32BE(from)
  })
  const names = (Object.keys(TABLE_FLAG) as TableFlag[]).filter((flag) => (flags & TABLE_FLAG[flag]) !== 0)
  return { family: datagram.readUInt8(start), name, handle, flags: names, owner }
}

function readElement(bytes: Buffer, start: number, end: number): RawElement {
  const element: RawElement = { key: '', keyEnd: undefined, isEnd: false, value: true }
  eachAttribute(bytes, start, end, (type, from, to) => {
    if (type === ELEMENT.KEY) element.key = valueOf(bytes, from, to)
    else if (type === ELEMENT.KEY_END) element.keyEnd = valueOf(bytes, from, to)
    else if (type === ELEMENT.FLAGS) element.isEnd = (bytes.readUInt32BE(from) & ELEMENT_INTERVAL_END) !== 0
    else if (type === ELEMENT.OBJECT) element.value = textOf(bytes, from, to)
    else if (type === ELEMENT.DATA) element.value = numberOf(bytes, from, to)
  })
  return element
}

function valueOf(bytes: Buffer, start: number, end: number): string {
  const value = attribute(bytes, { start, end }, DATA.VALUE)
  return value === undefined ? '' : bytes.toString('latin1', value.start, value.end)
}

function numberOf(bytes: Buffer, start: number, end: number): number {
  const value = attribute(bytes, { start, end }, DATA.VALUE)
  return value === undefined ? 0 : bytes.readUInt32LE(value.start)
}

/**
 * Starts and exclusive ends → inclusive ranges. A start without an end goes up to the last address; the end without a start
 * that nft puts before the first range means nothing.
 */
function pairRanges(elements: readonly RawElement[]): (readonly [Key, Value])[] {
  // Where a range ends as its neighbour starts, the end comes first.
  const sorted = [...elements].sort((a, b) => (a.key === b.key ? Number(b.isEnd) - Number(a.isEnd) : a.key < b.key ? -1 : 1))
  const ranges: (readonly [Key, Value])[] = []
  sorted.forEach(({ key, isEnd, value }, index) => {
    if (isEnd) return
    const next = sorted[index + 1]
    const last = next === undefined ? '\xff'.repeat(key.length) : predecessor(next.key as Address)
    if (last !== undefined) ranges.push([(key + last) as Key, value])
  })
  return ranges
}
