// IP addresses as the kernel has them: the raw bytes in network order. Both families share every function here.
import ipaddr from 'ipaddr.js'

/**
 * An IPv4 (4 bytes) or IPv6 (16 bytes) address in network order, held as a latin1 string: one char a byte.
 * So it is a Map key, costs what its bytes cost, goes into a netlink message as it is, and within a family `<` is numeric order.
 */
export type Address = string & { readonly __brand: 'Address' }

/** IP family by what nftables and people call it. */
export type Family = 4 | 6

/** An inclusive range of addresses of one family. */
export interface AddressRange {
  readonly first: Address
  readonly last: Address
}

const IPV4_LEADING_ZEROS = /(^|[.:])0+(?=\d+(\.|$|\/))/g
/** As an API server writes IPv4 addresses. */
const PLAIN_IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?=\d)|$)){4}$/
/** Groups of hexadecimal digits, as an API server writes IPv6 addresses. */
const PLAIN_IPV6 = /^[\da-f]{0,4}(?::[\da-f]{0,4}){2,7}$/
/** As in ::ffff:10.0.0.1 */
const DOTTED_END = /(?<=:)\d{1,3}(?:\.\d{1,3}){3}$/
const MAPPED = '\0'.repeat(10) + '\xff\xff'
const CIDR_TEXT = /^([^/]+)\/(\d+)$/

export function familyOf(address: Address): Family {
  return address.length === 4 ? 4 : 6
}

export function addressFromBytes(bytes: ArrayLike<number>): Address {
  return String.fromCharCode(...Array.from(bytes)) as Address
}

export function addressBytes(address: Address): number[] {
  return Array.from(address, (char) => char.charCodeAt(0))
}

/**
 * Reads an address in every spelling that an API server may have stored: leading zeros are decimal, and an IPv4-mapped
 * IPv6 address (::ffff:a.b.c.d) is that IPv4 address. Zones, short IPv4 forms and hexadecimal IPv4 are no addresses here.
 * @returns undefined if the text is no address
 */
export function parseAddress(text: string): Address | undefined {
  if (PLAIN_IPV4.test(text)) return String.fromCharCode(...text.split('.').map(Number)) as Address
  const plain = PLAIN_IPV6.test(text) ? parsePlainIpv6(text) : undefined
  if (plain !== undefined) return plain
  const parsed = parseIp(text)
  if (parsed === undefined) return undefined
  return addressFromBytes((isMapped(parsed) ? parsed.toIPv4Address() : parsed).toByteArray())
}

/** The usual spelling: dotted IPv4, compressed lower-case IPv6 (RFC 5952). */
export function formatAddress(address: Address): string {
  return ipaddr.fromByteArray(addressBytes(address)).toString()
}

/**
 * Reads a CIDR in every spelling that an API server may have stored (see parseAddress); host bits are masked off.
 * @returns undefined if the text is no CIDR
 */
export function parseCidr(text: string): AddressRange | undefined {
  const [, host, bits] = CIDR_TEXT.exec(text) ?? []
  const parsed = host === undefined ? undefined : parseIp(host)
  if (parsed === undefined) return undefined
  const mapped = isMapped(parsed)
  const bytes = mapped ? parsed.toIPv4Address().toByteArray() : parsed.toByteArray()
  const length = Number(bits) - (mapped ? 96 : 0)
  return length < 0 || length > bytes.length * 8 ? undefined : masked(bytes, length)
}

/** The range in as few CIDRs as possible, as people write them; used in messages and rendered rulesets. */
export function formatRange({ first, last }: AddressRange): string {
  if (first === last) return formatAddress(first)
  for (let length = first.length * 8 - 1; length >= 0; length--) {
    const cidr = masked(addressBytes(first), length)
    if (cidr.first === first && cidr.last === last) return `${formatAddress(first)}/${length}`
  }
  return `${formatAddress(first)}-${formatAddress(last)}`
}

/** The address after this one, or undefined after the last of the family. */
export function successor(address: Address): Address | undefined {
  return step(address, 255, 0, 1)
}

/** The address before this one, or undefined before the first of the family. */
export function predecessor(address: Address): Address | undefined {
  return step(address, 0, 255, -1)
}

export function contains(range: AddressRange, address: Address): boolean {
  return range.first.length === address.length && range.first <= address && address <= range.last
}

/**
 * The usual spelling, ten times as fast as by ipaddr.js: a large cluster has hundreds of thousands.
 * @returns undefined for what needs a closer look
 */
function parsePlainIpv6(text: string): Address | undefined {
  const gap = text.indexOf('::')
  const [head, tail] = gap === -1 ? [text, ''] : [text.slice(0, gap), text.slice(gap + 2)]
  const [before, after] = [groupBytes(head), groupBytes(tail)]
  if (before === undefined || after === undefined) return undefined
  const missing = 16 - before.length - after.length
  if (gap === -1 ? missing !== 0 : missing <= 0) return undefined
  const bytes = before + '\0'.repeat(missing) + after
  return bytes.startsWith(MAPPED) ? undefined : (bytes as Address)
}

/** @returns undefined if a group between colons is empty */
function groupBytes(groups: string): string | undefined {
  if (groups === '') return ''
  let bytes = ''
  for (const group of groups.split(':')) {
    if (group === '') return undefined
    const number = parseInt(group, 16)
    bytes += String.fromCharCode(number >> 8, number & 255)
  }
  return bytes
}

type Ip = ipaddr.IPv4 | ipaddr.IPv6

function parseIp(text: string): Ip | undefined {
  const plain = text.replace(IPV4_LEADING_ZEROS, '$1')
  if (ipaddr.IPv4.isValidFourPartDecimal(plain)) return ipaddr.IPv4.parse(plain)
  const groups = plain.replace(DOTTED_END, groupsOf)
  const isIpv6 = groups.includes(':') && !/[.%]/.test(groups) && ipaddr.IPv6.isValid(groups)
  return isIpv6 ? ipaddr.IPv6.parse(groups) : undefined
}

/** The last 32 bits of IPv6 as two groups. ipaddr.js would take ::a.b.c.d for IPv4-mapped, which only ::ffff:a.b.c.d is. */
function groupsOf(dotted: string): string {
  if (!ipaddr.IPv4.isValidFourPartDecimal(dotted)) return dotted
  const [a = 0, b = 0, c = 0, d = 0] = ipaddr.IPv4.parse(dotted).toByteArray()
  return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
}

function isMapped(ip: Ip): ip is ipaddr.IPv6 {
  return ip instanceof ipaddr.IPv6 && ip.isIPv4MappedAddress()
}

function masked(bytes: readonly number[], length: number): AddressRange {
  const mask = bytes.map((_, index) => 256 - 2 ** (8 - Math.min(8, Math.max(0, length - index * 8))))
  return {
    first: addressFromBytes(bytes.map((byte, index) => byte & (mask[index] ?? 0))),
    last: addressFromBytes(bytes.map((byte, index) => byte | (255 - (mask[index] ?? 0)))),
  }
}

/** Adds ±1 with carry: trailing `full` bytes wrap to `empty`, and the byte before them takes the step. */
function step(address: Address, full: number, empty: number, by: number): Address | undefined {
  for (let index = address.length - 1; index >= 0; index--) {
    const byte = address.charCodeAt(index)
    if (byte === full) continue
    const wrapped = String.fromCharCode(empty).repeat(address.length - 1 - index)
    return (address.slice(0, index) + String.fromCharCode(byte + by) + wrapped) as Address
  }
  return undefined
}
