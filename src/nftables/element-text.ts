// An element as nft text: keys and values spelled as `nft list ruleset` spells them.
import { formatRange, type Address } from '../cluster/address.ts'
import type { Key, Value } from './content.ts'
import { FIELD, schemaOf, type FieldType, type SetName } from './schema.ts'

const PROTOCOLS: Readonly<Record<number, string>> = { 6: 'tcp', 17: 'udp', 132: 'sctp' }

/** @returns for example `1:a . tcp . 80 : "in/shop/web"`, `10.0.0.0/8 : 0:2`, `"veth1" . 10.0.0.1` */
export function elementText(set: SetName, key: Key, value: Value): string {
  const { key: fields, interval } = schemaOf(set)
  const end = interval === true ? key.length / 2 : 0
  const texts: string[] = []
  let at = 0
  for (const type of fields) {
    const { bytes } = FIELD[type]
    const first = key.slice(at, at + bytes)
    texts.push(fieldText(type, first, interval === true ? key.slice(end + at, end + at + bytes) : first))
    at += padded(bytes)
  }
  const data = dataText(value)
  return data === undefined ? texts.join(' . ') : `${texts.join(' . ')} : ${data}`
}

/** Bytes that a field of this length takes in a concatenation. */
export function padded(bytes: number): number {
  return (bytes + 3) & ~3
}

/** Major and minor, hexadecimal: `1:a`. */
export function classidText(id: number): string {
  return `${(id >>> 16).toString(16)}:${(id & 0xffff).toString(16)}`
}

function dataText(value: Value): string | undefined {
  if (value === true) return undefined
  return typeof value === 'number' ? classidText(value) : `"${value}"`
}

function fieldText(type: FieldType, first: string, last: string): string {
  if (type === 'ipv4_addr' || type === 'ipv6_addr') return formatRange({ first: first as Address, last: last as Address })
  const from = scalarText(type, first)
  return first === last ? from : `${from}-${scalarText(type, last)}`
}

function scalarText(type: Exclude<FieldType, 'ipv4_addr' | 'ipv6_addr'>, bytes: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = Array.from(bytes.slice(0, 4), (char) => char.charCodeAt(0))
  switch (type) {
    case 'classid':
      return classidText(((d << 24) | (c << 16) | (b << 8) | a) >>> 0)
    case 'inet_proto':
      return PROTOCOLS[a] ?? String(a)
    case 'inet_service':
      return String(a * 256 + b)
    case 'ifname':
      return `"${bytes.replace(/\0+$/, '')}"`
  }
}
