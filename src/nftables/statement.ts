// Rules and chains as data. rule-text.ts writes them as nft text, netlink/nf-tables/expressions.ts as the expressions that nft would generate.
import type { AddressRange } from '../cluster/address.ts'
import type { CounterName } from './content.ts'
import type { SetName, TableFamily } from './schema.ts'

/** What a rule can read of a packet, by its nft name. */
export type Field =
  | 'meta priority'
  | 'meta l4proto'
  | 'iifname'
  | 'oifname'
  | 'ip saddr'
  | 'ip daddr'
  | 'ip6 saddr'
  | 'ip6 daddr'
  | 'arp saddr ip'
  | 'th dport'

export type CtState = 'established' | 'related'
export type EtherType = 'arp' | '8021q' | '8021ad'

export type Statement =
  /** Goes on if the fields together are an element of the set. */
  | { readonly match: 'set'; readonly key: readonly Field[]; readonly set: SetName }
  /** Goes on if the address is in the range, which must be one CIDR. */
  | { readonly match: 'address'; readonly field: 'ip6 saddr' | 'arp saddr ip'; readonly range: AddressRange }
  /** Goes on for ICMPv6 messages of these types, both inclusive. */
  | { readonly match: 'icmpv6'; readonly first: number; readonly last: number }
  /** Goes on if an IPv6 packet has this hop limit. */
  | { readonly match: 'hop limit'; readonly value: number }
  | { readonly match: 'ct state'; readonly states: readonly CtState[] }
  | { readonly match: 'ether type'; readonly type: EtherType }
  | { readonly match: 'protocol'; readonly protocol: 'icmp' | 'udp' | 'ipv6-icmp' }
  /** Goes on for such packets: TCP with SYN and without ACK, SCTP that begins with an INIT chunk (RFC 9260), TCP with ACK. */
  | { readonly match: 'transport'; readonly is: 'tcp request' | 'sctp request' | 'tcp ack' }
  /** Goes on if these bits of the packet's priority are so. */
  | { readonly match: 'priority'; readonly mask: number; readonly bits: number }
  /** Goes on, with the value found as the packet's priority, if the map has the key. */
  | { readonly set: 'priority'; readonly key: readonly Field[]; readonly map: SetName }
  | { readonly set: 'priority'; readonly value: 'none' }
  | { readonly count: CounterName }
  /** Counts in the counter found; goes on if the map has the key. */
  | { readonly key: readonly Field[]; readonly countIn: SetName }
  /** Goes on as long as there are not more than this. */
  | { readonly limit: { readonly perSecond: number; readonly burst: number } }
  /** Sends the packet's first `snaplen` bytes to an NFLOG group. */
  | { readonly log: { readonly prefix: string; readonly group: number; readonly snaplen: number } }
  | { readonly verdict: 'accept' | 'drop' | 'return' }
  | { readonly verdict: 'jump' | 'goto'; readonly chain: string }

export interface Rule {
  readonly statements: readonly Statement[]
  /** Seen in `nft list ruleset`; at most 127 bytes. */
  readonly comment?: string
}

export interface Chain {
  readonly family: TableFamily
  readonly name: string
  /** Part of the guard of source addresses, which can be left out: every packet pays for it. */
  readonly guards?: true
  /** Only base chains have one. */
  readonly hook?: { readonly name: 'prerouting' | 'input' | 'forward'; readonly priority: number }
  readonly rules: readonly Rule[]
}
