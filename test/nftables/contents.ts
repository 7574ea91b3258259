// Random contents of every set, out of small pools, so that two of them have much in common and ranges touch and overlap.
import fc from 'fast-check'
import { parseAddress, predecessor, type Address } from '../../src/cluster/address.ts'
import type { Content, CounterName, Key, Value } from '../../src/nftables/content.ts'
import { diff, isEmptyDelta } from '../../src/nftables/diff.ts'
import { fieldBytes, schemaOf, SET_NAMES, type FieldType, type SetName } from '../../src/nftables/schema.ts'

const LONGEST_NAME = `in/${'a'.repeat(63)}/${'b'.repeat(188)}`
const COUNTERS = ['in/shop/web', 'out/shop/web', 'in/set-0f3a', 'in/shop/web.v1_x', 'deny/in/shop/web-0', LONGEST_NAME] as CounterName[]

const POOL: Readonly<Record<FieldType, readonly string[]>> = {
  classid: [1, 2, 0xffff, 0x1_0000, 0x1_000a, 0xffff_fffe].map(classid),
  ipv4_addr: ['10.0.0.1', '10.0.0.2', '10.0.1.0', '0.0.0.0', '255.255.255.255', '192.168.255.255'].map(address),
  ipv6_addr: ['fd00::1', 'fd00::2', '2001:db8::ffff', '::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '::ffff:1.2.3.4'].map(rawAddress),
  inet_proto: [6, 17, 132].map((protocol) => String.fromCharCode(protocol, 0, 0, 0)),
  inet_service: [0, 1, 80, 255, 256, 65535].map(port),
  ifname: ['veth1', 'cali0123456789a', 'lxc-x.y_z'].map((name) => name.padEnd(16, '\0')),
}

/** Where ranges of addresses can begin; they end before another of these, or at the end of all addresses. */
const BORDERS = {
  ipv4_addr: ['0.0.0.0', '0.0.0.1', '10.0.0.0', '10.0.0.1', '10.0.1.0', '10.1.0.0', '128.0.0.0', '255.255.255.255'].map(address),
  ipv6_addr: ['::', '::1', 'fd00::', 'fd00::1', 'fd00:0:0:1::', 'fe00::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'].map(address),
}
const PORT_BORDERS = [0, 1, 80, 81, 1000, 1024, 32768, 65535]

/** Any content that the kernel can hold, with counters for all that refers to them and perhaps some more. */
export const anyContent: fc.Arbitrary<Content> = fc
  .record({
    sets: fc.record(Object.fromEntries(SET_NAMES.map((set) => [set, anyElements(set)]))),
    idle: fc.subarray(COUNTERS),
  })
  .map(({ sets, idle }) => {
    const entries = Object.entries(sets) as [SetName, ReadonlyMap<Key, Value>][]
    const used = entries.flatMap(([, elements]) => [...elements.values()]).filter((value) => typeof value === 'string')
    return { sets: new Map(entries), counters: new Set([...idle, ...used] as CounterName[]) }
  })

export function sameContent(a: Content, b: Content): boolean {
  return isEmptyDelta(diff(a, b))
}

export function classid(id: number): Key {
  return String.fromCharCode(id & 255, (id >>> 8) & 255, (id >>> 16) & 255, id >>> 24) as Key
}

export function port(number: number): string {
  return String.fromCharCode(number >> 8, number & 255, 0, 0)
}

export function address(text: string): Address {
  return parseAddress(text)!
}

/** Keeps ::ffff:a.b.c.d as what it is. */
function rawAddress(text: string): string {
  return text.startsWith('::ffff:') ? `${'\0'.repeat(10)}\xff\xff${address(text)}` : address(text)
}

function anyElements(set: SetName): fc.Arbitrary<ReadonlyMap<Key, Value>> {
  return fc.oneof(
    { weight: 1, arbitrary: fc.constant(new Map<Key, Value>()) },
    { weight: 3, arbitrary: fc.array(fc.tuple(...elementParts(set)), { maxLength: 8 }).map((elements) => apart(set, elements)) },
  )
}

function elementParts(set: SetName): [fc.Arbitrary<string>, fc.Arbitrary<Value>] {
  const { key, interval } = schemaOf(set)
  const [first] = key
  const anyParts = fc.tuple(...key.map((type) => fc.constantFrom(...POOL[type].map((bytes) => bytes.slice(0, fieldBytes(key, type))))))
  if (interval !== true) return [anyParts.map((parts) => parts.join('')), anyValue(set)]
  if (first === 'ipv4_addr' || first === 'ipv6_addr') return [anyRange(BORDERS[first]), anyValue(set)]
  return [anyPortRange(), anyValue(set)]
}

function anyValue(set: SetName): fc.Arbitrary<Value> {
  const { data } = schemaOf(set)
  if (data === 'counter') return fc.constantFrom(...COUNTERS)
  return data === 'classid' ? fc.constantFrom(1, 2, 0xffff, 0x1_0000, 0xffff_fffe) : fc.constant(true)
}

function anyRange(borders: readonly Address[]): fc.Arbitrary<string> {
  const index = fc.nat(borders.length - 1)
  return fc.tuple(index, index).map(([a, b]) => {
    const first = borders[Math.min(a, b)]!
    const next = borders[Math.max(a, b)]!
    if (b === 0) return first + '\xff'.repeat(first.length)
    return first + (next === first ? first : predecessor(next)!)
  })
}

function anyPortRange(): fc.Arbitrary<string> {
  const index = fc.nat(PORT_BORDERS.length - 1)
  return fc.tuple(fc.constantFrom(...POOL.classid), fc.constantFrom(...POOL.inet_proto), index, index).map(([id, protocol, a, b]) => {
    const head = id + protocol
    return head + port(PORT_BORDERS[Math.min(a, b)]!) + head + port(PORT_BORDERS[Math.max(a, b)]!)
  })
}

/** Leaves out ranges that overlap earlier ones, as the compiler never makes such. */
function apart(set: SetName, elements: readonly (readonly [string, Value])[]): ReadonlyMap<Key, Value> {
  const kept = new Map<Key, Value>()
  for (const [key, value] of elements) {
    if (schemaOf(set).interval === true && [...kept.keys()].some((other) => overlap(set, key, other))) continue
    kept.set(key as Key, value)
  }
  return kept
}

function overlap(set: SetName, a: string, b: string): boolean {
  const half = a.length / 2
  const head = schemaOf(set).key.length === 1 ? 0 : 8
  if (a.slice(0, head) !== b.slice(0, head)) return false
  return a.slice(head, half) <= b.slice(half + head) && b.slice(head, half) <= a.slice(half + head)
}
