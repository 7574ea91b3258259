// An element as nft text: keys and values spelled as `nft list ruleset` spells them.
import { padded } from '../base/padded.ts'
import { formatRange, type Address } from '../cluster/address.ts'
import type { Key, Value } from './content.ts'
import { FIELD, schemaOf, type FieldType, type SetName } from './schema.ts'

type AddressType = 'ipv4_addr' | 'ipv6_addr'

const PROTOCOLS: Readonly<Record<number, string>> = { 6: 'tcp', 17: 'udp', 132: 'sctp' }

/** @returns for example `1:a . tcp . 80 : "in/shop/web"`, `10.0.0.0/8 : 0:2`, `"veth1" . 10.0.0.1` */
export function elementText(set: SetName, key: Key, value: Value): string {
  if (value === true) return keyText(set, key)
  return `${keyText(set, key)} : ${typeof value === 'number' ? classidText(value) : `"${value}"`}`
}

/** @returns for example `1:a . tcp . 80`, `10.0.0.0/8` */
export function keyText(set: SetName, key: Key): string {
  const { key: fields, interval = false } = schemaOf(set)
  const end = interval ? key.length / 2 : 0
  const texts: string[] = []
  let at = 0
  for (const type of fields) {
    const { bytes } = FIELD[type]
    const first = key.slice(at, at + bytes)
    const last = key.slice(end + at, end + at + bytes)
    texts.push(isAddress(type) ? addressText(first, last) : scalarRangeText(type, first, interval ? last : undefined))
    at += padded(bytes)
  }
  return texts.join(' . ')
}

/** Major and minor, hexadecimal: `1:a`. */
export function classidText(id: number): string {
  return id === 0 ? 'none' : `${(id >>> 16).toString(16)}:${(id & 0xffff).toString(16)}`
}

function isAddress(type: FieldType): type is AddressType {
  return type === 'ipv4_addr' || type === 'ipv6_addr'
}

function addressText(first: string, last: string): string {
  return formatRange({ first: first as Address, last: last as Address })
}

/** In sets of port ranges a single port is a range too: nft 1.0.6 does not find an element to delete that has no range in it. */
function scalarRangeText(type: Exclude<FieldType, AddressType>, first: string, last: string | undefined): string {
  const from = scalarText(type, first)
  return type !== 'inet_service' || last === undefined ? from : `${from}-${scalarText(type, last)}`
}

function scalarText(type: Exclude<FieldType, AddressType>, bytes: string): string {
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
