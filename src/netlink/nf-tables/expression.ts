// The single expressions of nf_tables, one function each. Attribute numbers are those of linux/netfilter/nf_tables.h
// (NFTA_META_*, NFTA_PAYLOAD_*, ...); their order is that of nft.
import type { Statement } from '../../nftables/statement.ts'
import type { MessageWriter } from '../message-writer.ts'
import { DATA, LIST_ITEM, OBJECT_COUNTER, VERDICT, VERDICT_CODE } from './protocol.ts'

const REGISTER_VERDICT = 0
/** The first of the 16-byte registers; everything but concatenations works on it. */
export const REGISTER_1 = 1

export const META = { protocol: 1, priority: 2, iifname: 6, oifname: 7, nfproto: 15, l4proto: 16 } as const
export const BASE = { link: 0, network: 1, transport: 2 } as const
export const COMPARE = { equal: 0, unequal: 1, atMost: 3, atLeast: 5 } as const
const CT_STATE_KEY = 0
const BYTEORDER_HTON = 1

export function verdict(writer: MessageWriter, statement: Extract<Statement, { verdict: unknown }>): void {
  expression(writer, 'immediate', () => {
    writer.u32(1, REGISTER_VERDICT)
    const data = writer.open(2)
    const body = writer.open(DATA.VERDICT)
    writer.u32(VERDICT.CODE, VERDICT_CODE[statement.verdict])
    if ('chain' in statement) writer.string(VERDICT.CHAIN, statement.chain)
    writer.close(body)
    writer.close(data)
  })
}

export function count(writer: MessageWriter, name: string): void {
  expression(writer, 'objref', () => {
    writer.u32(1, OBJECT_COUNTER)
    writer.string(2, name)
  })
}

export function zero(writer: MessageWriter): void {
  expression(writer, 'immediate', () => {
    writer.u32(1, REGISTER_1)
    writeData(writer, 2, '\0\0\0\0')
  })
}

export function setPriority(writer: MessageWriter): void {
  expression(writer, 'meta', () => {
    writer.u32(2, META.priority)
    writer.u32(3, REGISTER_1)
  })
}

export function loadCtState(writer: MessageWriter): void {
  expression(writer, 'ct', () => {
    writer.u32(2, CT_STATE_KEY)
    writer.u32(1, REGISTER_1)
  })
}

export function countIn(writer: MessageWriter, map: string): void {
  expression(writer, 'objref', () => {
    writer.u32(3, REGISTER_1)
    writer.string(4, map)
  })
}

export function lookup(writer: MessageWriter, set: string, into?: number): void {
  expression(writer, 'lookup', () => {
    writer.u32(2, REGISTER_1)
    if (into !== undefined) writer.u32(3, into)
    writer.string(1, set)
  })
}

export function limit(writer: MessageWriter, limit: { readonly perSecond: number; readonly burst: number }): void {
  expression(writer, 'limit', () => {
    writer.u64(1, limit.perSecond)
    writer.u64(2, 1) // per this many seconds
    writer.u32(3, limit.burst)
    writer.u32(4, 0) // packets, not bytes
    writer.u32(5, 0) // up to, not over
  })
}

export function log(writer: MessageWriter, log: { readonly prefix: string; readonly group: number; readonly snaplen: number }): void {
  expression(writer, 'log', () => {
    writer.string(2, log.prefix)
    writer.u16(1, log.group)
    writer.u32(3, log.snaplen)
  })
}

export function meta(writer: MessageWriter, key: number, register: number): void {
  expression(writer, 'meta', () => {
    writer.u32(2, key)
    writer.u32(1, register)
  })
}

export function payload(writer: MessageWriter, load: { base: number; offset: number; bytes: number }, register: number): void {
  expression(writer, 'payload', () => {
    writer.u32(1, register)
    writer.u32(2, load.base)
    writer.u32(3, load.offset)
    writer.u32(4, load.bytes)
  })
}

/** @param bytes 2 or more */
export function byteorder(writer: MessageWriter, register: number, bytes: number): void {
  expression(writer, 'byteorder', () => {
    writer.u32(1, register)
    writer.u32(2, register)
    writer.u32(3, BYTEORDER_HTON)
    writer.u32(4, bytes)
    writer.u32(5, bytes)
  })
}

export function mask(writer: MessageWriter, mask: string): void {
  expression(writer, 'bitwise', () => {
    writer.u32(1, REGISTER_1)
    writer.u32(2, REGISTER_1)
    writer.u32(3, mask.length)
    writeData(writer, 4, mask)
    writeData(writer, 5, '\0'.repeat(mask.length)) // xor
  })
}

export function compare(writer: MessageWriter, operator: number, bytes: string): void {
  expression(writer, 'cmp', () => {
    writer.u32(1, REGISTER_1)
    writer.u32(2, operator)
    writeData(writer, 3, bytes)
  })
}

function writeData(writer: MessageWriter, type: number, bytes: string): void {
  const data = writer.open(type)
  writer.raw(DATA.VALUE, bytes)
  writer.close(data)
}

function expression(writer: MessageWriter, name: string, attributes: () => void): void {
  const item = writer.open(LIST_ITEM)
  writer.string(1, name)
  const data = writer.open(2)
  attributes()
  writer.close(data)
  writer.close(item)
}
