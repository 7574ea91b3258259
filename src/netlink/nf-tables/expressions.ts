// Statements → the expressions that nft 1.0.6 generates for their text, dependencies included, so that `nft list ruleset`
// shows the same whoever made the rule. `nft --debug=netlink` shows them.
import { padded } from '../../base/padded.ts'
import { addressBytes } from '../../cluster/address.ts'
import { classidBytes } from '../../nftables/keys.ts'
import { FIELD, schemaOf, type FieldType, type TableFamily } from '../../nftables/schema.ts'
import type { Field, Rule, Statement } from '../../nftables/statement.ts'
import * as write from './expression.ts'
import { BASE, COMPARE, META, REGISTER_1 } from './expression.ts'
import type { MessageWriter } from '../message-writer.ts'
import { NFPROTO_IPV4, NFPROTO_IPV6 } from './protocol.ts'

/** The first of the 4-byte registers, which are the same bytes. */
const REGISTER32_00 = 8

const CT_STATE = { established: 2, related: 4 } as const

/** EtherTypes (linux/if_ether.h) as they are on the wire, one char a byte. */
const ETHERTYPE = { ip: '\x08\x00', arp: '\x08\x06', ip6: '\x86\xdd', '8021q': '\x81\x00', '8021ad': '\x88\xa8' } as const
const ETHERTYPE_OFFSET = 12
const HOP_LIMIT_OFFSET = 7
/** One char a byte. */
const IP_PROTOCOL = { 'icmp': '\x01', 'tcp': '\x06', 'udp': '\x11', 'ipv6-icmp': '\x3a', 'sctp': '\x84' } as const
/** One byte of the transport header: flags of TCP, or behind the common header of SCTP (RFC 9260, section 3) the type of the first chunk. */
const TRANSPORT = {
  'tcp request': { protocol: 'tcp', offset: 13, mask: '\x12', operator: COMPARE.equal, bits: '\x02' }, // of SYN and ACK, SYN
  'sctp request': { protocol: 'sctp', offset: 12, mask: undefined, operator: COMPARE.equal, bits: '\x01' },
  'tcp ack': { protocol: 'tcp', offset: 13, mask: '\x10', operator: COMPARE.unequal, bits: '\0' },
} as const

interface Load {
  readonly type: FieldType
  readonly meta?: number
  readonly payload?: { readonly base: number; readonly offset: number }
  /** The packet must be of this protocol before the field can be read. */
  readonly protocol?: 'ip' | 'ip6' | 'arp'
}

const LOADS: Readonly<Record<Field, Load>> = {
  'meta priority': { type: 'classid', meta: META.priority },
  'meta l4proto': { type: 'inet_proto', meta: META.l4proto },
  iifname: { type: 'ifname', meta: META.iifname },
  oifname: { type: 'ifname', meta: META.oifname },
  'ip saddr': { type: 'ipv4_addr', payload: { base: BASE.network, offset: 12 }, protocol: 'ip' },
  'ip daddr': { type: 'ipv4_addr', payload: { base: BASE.network, offset: 16 }, protocol: 'ip' },
  'ip6 saddr': { type: 'ipv6_addr', payload: { base: BASE.network, offset: 8 }, protocol: 'ip6' },
  'ip6 daddr': { type: 'ipv6_addr', payload: { base: BASE.network, offset: 24 }, protocol: 'ip6' },
  'arp saddr ip': { type: 'ipv4_addr', payload: { base: BASE.network, offset: 14 }, protocol: 'arp' },
  'th dport': { type: 'inet_service', payload: { base: BASE.transport, offset: 2 } },
}

/** Writes the list of a rule's expressions into the open attribute. */
export function writeExpressions(writer: MessageWriter, family: TableFamily, rule: Rule): void {
  // A protocol that the rule has asked for already is not asked for again.
  const scope: Scope = { writer, family, known: new Set() }
  for (const statement of rule.statements) writeStatement(scope, statement)
}

interface Scope {
  readonly writer: MessageWriter
  readonly family: TableFamily
  readonly known: Set<string>
}

function writeStatement(scope: Scope, statement: Statement): void {
  const { writer } = scope
  if ('match' in statement) writeMatch(scope, statement)
  else if ('set' in statement) writePriority(scope, statement)
  else if ('verdict' in statement) write.verdict(writer, statement)
  else if ('count' in statement) write.count(writer, statement.count)
  else if ('countIn' in statement) {
    writeKey(scope, statement.key, schemaOf(statement.countIn).interval === true)
    write.countIn(writer, statement.countIn)
  } else if ('limit' in statement) write.limit(writer, statement.limit)
  else write.log(writer, statement.log)
}

function writeMatch(scope: Scope, statement: Extract<Statement, { match: unknown }>): void {
  const { writer } = scope
  switch (statement.match) {
    case 'set':
      writeKey(scope, statement.key, false)
      write.lookup(writer, statement.set)
      break
    case 'address':
      writeAddressMatch(scope, statement)
      break
    case 'icmpv6':
      writeIcmpv6(scope, statement)
      break
    case 'hop limit':
      requireProtocol(scope, 'ip6')
      write.payload(writer, { base: BASE.network, offset: HOP_LIMIT_OFFSET, bytes: 1 }, REGISTER_1)
      write.compare(writer, COMPARE.equal, String.fromCharCode(statement.value))
      break
    case 'ct state':
      writeCtState(writer, statement.states)
      break
    case 'ether type':
      writeEtherType(writer, ETHERTYPE[statement.type])
      break
    case 'protocol':
      writeProtocol(writer, IP_PROTOCOL[statement.protocol])
      break
    case 'transport':
      writeTransport(writer, TRANSPORT[statement.is])
      break
    case 'priority':
      write.meta(writer, META.priority, REGISTER_1)
      write.mask(writer, classidBytes(statement.mask))
      write.compare(writer, COMPARE.equal, classidBytes(statement.bits))
  }
}

function writeProtocol(writer: MessageWriter, protocol: string): void {
  write.meta(writer, META.l4proto, REGISTER_1)
  write.compare(writer, COMPARE.equal, protocol)
}

function writeTransport(writer: MessageWriter, { protocol, offset, mask, operator, bits }: (typeof TRANSPORT)[keyof typeof TRANSPORT]): void {
  writeProtocol(writer, IP_PROTOCOL[protocol])
  write.payload(writer, { base: BASE.transport, offset, bytes: 1 }, REGISTER_1)
  if (mask !== undefined) write.mask(writer, mask)
  write.compare(writer, operator, bits)
}

function writeIcmpv6(scope: Scope, { first, last }: Extract<Statement, { match: 'icmpv6' }>): void {
  const { writer } = scope
  requireForIcmpv6(scope)
  writeProtocol(writer, IP_PROTOCOL['ipv6-icmp'])
  write.payload(writer, { base: BASE.transport, offset: 0, bytes: 1 }, REGISTER_1)
  write.compare(writer, COMPARE.atLeast, String.fromCharCode(first))
  write.compare(writer, COMPARE.atMost, String.fromCharCode(last))
}

/** Loads the fields into consecutive registers. nft keeps host-order fields of interval sets in network order. */
function writeKey(scope: Scope, key: readonly Field[], networkOrder: boolean): void {
  for (const field of key) {
    const { protocol } = LOADS[field]
    if (protocol !== undefined) requireProtocol(scope, protocol)
  }
  let bytesBefore = 0
  for (const field of key) {
    writeLoad(scope.writer, LOADS[field], registerAt(bytesBefore), networkOrder)
    bytesBefore += padded(FIELD[LOADS[field].type].bytes)
  }
}

/** nft names a register by its 16-byte number where it begins there. */
function registerAt(bytes: number): number {
  return bytes % 16 === 0 ? REGISTER_1 + bytes / 16 : REGISTER32_00 + bytes / 4
}

function writeLoad(writer: MessageWriter, load: Load, register: number, networkOrder: boolean): void {
  const { bytes } = FIELD[load.type]
  if (load.payload !== undefined) write.payload(writer, { ...load.payload, bytes }, register)
  if (load.meta === undefined) return
  write.meta(writer, load.meta, register)
  // nft 1.0.6 asks for the order of single bytes too, which means nothing, and which newer kernels refuse.
  if (networkOrder && bytes > 1) write.byteorder(writer, register, bytes)
}

function requireProtocol({ writer, family, known }: Scope, protocol: 'ip' | 'ip6' | 'arp'): void {
  if (known.has(protocol)) return
  known.add(protocol)
  if (protocol === 'arp') writeEtherType(writer, ETHERTYPE.arp)
  else if (family === 'inet') {
    write.meta(writer, META.nfproto, REGISTER_1)
    write.compare(writer, COMPARE.equal, String.fromCharCode(protocol === 'ip' ? NFPROTO_IPV4 : NFPROTO_IPV6))
  } else {
    write.meta(writer, META.protocol, REGISTER_1)
    write.compare(writer, COMPARE.equal, ETHERTYPE[protocol])
  }
}

/** On bridges nft asks for this one in another way. */
function requireForIcmpv6(scope: Scope): void {
  if (scope.family === 'inet' || scope.known.has('ip6')) requireProtocol(scope, 'ip6')
  else writeEtherType(scope.writer, ETHERTYPE.ip6)
}

function writeEtherType(writer: MessageWriter, etherType: string): void {
  write.payload(writer, { base: BASE.link, offset: ETHERTYPE_OFFSET, bytes: 2 }, REGISTER_1)
  write.compare(writer, COMPARE.equal, etherType)
}

function writeAddressMatch(scope: Scope, { field, range }: Extract<Statement, { match: 'address' }>): void {
  const { writer } = scope
  writeKey(scope, [field], false)
  if (range.first !== range.last) {
    const last = addressBytes(range.last)
    const mask = addressBytes(range.first).map((byte, index) => ~(byte ^ (last[index] ?? 0)) & 0xff)
    write.mask(writer, String.fromCharCode(...mask))
  }
  write.compare(writer, COMPARE.equal, range.first)
}

function writeCtState(writer: MessageWriter, states: readonly (keyof typeof CT_STATE)[]): void {
  const bits = states.reduce((sum, state) => sum | CT_STATE[state], 0)
  write.loadCtState(writer)
  write.mask(writer, String.fromCharCode(bits, 0, 0, 0))
  write.compare(writer, COMPARE.unequal, '\0\0\0\0')
}

function writePriority(scope: Scope, statement: Extract<Statement, { set: unknown }>): void {
  const { writer } = scope
  if ('map' in statement) {
    writeKey(scope, statement.key, schemaOf(statement.map).interval === true)
    write.lookup(writer, statement.map, REGISTER_1)
  } else {
    write.zero(writer)
  }
  write.setPriority(writer)
}
