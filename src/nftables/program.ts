// The program as data: every chain and rule of both tables. They are created once; policy only changes elements (schema.ts).
//
//   prerouting -350 ─▶ guard: does this address belong behind this veth? ─no─▶ spoofed ─▶ count, drop
//   forward 0 ─▶ established: accept
//      ├─ source isolated ──▶ out ─▶ class ─▶ out_pair ─┬▶ out_default ─▶ out_decide ─▶ return, or count, log, drop
//      └─ target isolated ──▶ in  ─▶ class ─▶ in_pair  ─┴▶ in_default  ─▶ in_decide  ─▶ the same
//
//   bridge: forward -350 ─▶ to the port of a pod that is isolated for ingress, but not to its address ─▶ stray ─▶ count, drop
//
// The packet's priority is the scratch register between the look-ups: first the class of the remote address, then the
// permission that this class has for the local pod. It is 0 again when the packet leaves.
import { parseAddress, parseCidr, type AddressRange, type Family } from '../cluster/address.ts'
import type { CounterName } from './content.ts'
import type { TableFamily } from './schema.ts'
import type { Field, Rule, Statement } from './statement.ts'

export interface Chain {
  readonly family: TableFamily
  readonly name: string
  /** Part of the guard of source addresses, which can be left out: every packet pays for it. */
  readonly guards?: true
  /** Only base chains have one. */
  readonly hook?: { readonly name: 'prerouting' | 'forward'; readonly priority: number }
  readonly rules: readonly Rule[]
}

type Direction = 'in' | 'out'

/** Counter in both tables of packets that entered from a pod's veth with an address that the pod does not have. */
export const SPOOFED = 'spoofed' as CounterName

/** Counter in the bridge table of frames to an isolated pod that no policy can judge: they do not name the pod's address. */
export const STRAY = 'stray' as CounterName

/** NFLOG group of denied packets; see monitor. */
export const LOG_GROUP = 5

/** Beginning of the prefix of logged packets; the direction (`in`, `out`) and a space follow. */
export const LOG_PREFIX = 'vethguard '

/** Before conntrack (-200), so that a forged packet leaves no entry there; on bridges before br_netfilter (0). */
const GUARD_PRIORITY = -350

/** Long enough for an IPv6 header and the ports of TCP, UDP and SCTP behind a few extension headers. */
const LOG_SNAPLEN = 96

const accept: Statement = { verdict: 'accept' }
const back: Statement = { verdict: 'return' }
const priorityNone: Statement = { set: 'priority', value: 'none' }
const countSpoofed: Statement = { count: SPOOFED }
const countStray: Statement = { count: STRAY }
const drop: Statement = { verdict: 'drop' }

const UNSPECIFIED6 = address('::')
const LINK_LOCAL6 = address('fe80::/10')
const UNSPECIFIED4 = address('0.0.0.0')

/** Multicast listener and neighbour discovery (RFC 4443: 130 to 137), up to version 2 listener reports (143). */
const LINK_MESSAGES: Statement = { match: 'icmpv6', first: 130, last: 143 }

/** Router and neighbour discovery and redirects (RFC 4861): they pass forward on bridges, and no policy may break them. */
const NEIGHBOUR_DISCOVERY: Statement = { match: 'icmpv6', first: 133, last: 137 }

/** All chains, in the order in which `nft list ruleset` shows them. */
export const CHAINS: readonly Chain[] = [
  {
    family: 'inet',
    name: 'prerouting',
    guards: true,
    hook: { name: 'prerouting', priority: GUARD_PRIORITY },
    rules: [
      { statements: [{ match: 'set', key: ['iifname', 'ip saddr'], set: 'veth4' }, accept] },
      { statements: [{ match: 'set', key: ['iifname', 'ip6 saddr'], set: 'veth6' }, accept] },
      { statements: [{ match: 'set', key: ['iifname'], set: 'veths' }, { verdict: 'goto', chain: 'spoofed' }] },
    ],
  },
  {
    family: 'inet',
    name: 'spoofed',
    guards: true,
    rules: [
      { statements: [{ match: 'address', field: 'ip6 saddr', range: UNSPECIFIED6 }, accept], comment: 'before an address is assigned' },
      { statements: [{ match: 'address', field: 'ip6 saddr', range: LINK_LOCAL6 }, accept], comment: 'never forwarded' },
      { statements: [countSpoofed, drop] },
    ],
  },
  {
    family: 'inet',
    name: 'forward',
    hook: { name: 'forward', priority: 0 },
    rules: [
      { statements: [{ match: 'ct state', states: ['established', 'related'] }, accept] },
      isolated('out', 4),
      isolated('in', 4),
      isolated('out', 6),
      isolated('in', 6),
    ],
  },
  ...judgement('out', 4),
  ...judgement('in', 4),
  ...judgement('out', 6),
  ...judgement('in', 6),
  {
    family: 'bridge',
    name: 'prerouting',
    guards: true,
    hook: { name: 'prerouting', priority: GUARD_PRIORITY },
    rules: [
      // A tag of VLAN 0 would pass by br_netfilter and so by the inet table, and yet be taken by the pod that it is for.
      { statements: [{ match: 'ether type', type: '8021q' }, ...fromPort(), countSpoofed, drop], comment: 'would pass by the inet table' },
      { statements: [{ match: 'ether type', type: '8021ad' }, ...fromPort(), countSpoofed, drop] },
      { statements: [{ match: 'set', key: ['iifname', 'ip saddr'], set: 'port4' }, accept] },
      { statements: [{ match: 'set', key: ['iifname', 'arp saddr ip'], set: 'port4' }, accept] },
      { statements: [{ match: 'set', key: ['iifname', 'ip6 saddr'], set: 'port6' }, accept] },
      { statements: [...fromPort(), { verdict: 'goto', chain: 'spoofed' }] },
    ],
  },
  {
    family: 'bridge',
    name: 'spoofed',
    guards: true,
    rules: [
      // Not more than discovery: between two pods of a bridge other link-local traffic would pass by every policy.
      { statements: [{ match: 'address', field: 'ip6 saddr', range: UNSPECIFIED6 }, LINK_MESSAGES, accept] },
      { statements: [{ match: 'address', field: 'ip6 saddr', range: LINK_LOCAL6 }, LINK_MESSAGES, accept] },
      { statements: [{ match: 'address', field: 'arp saddr ip', range: UNSPECIFIED4 }, accept], comment: 'ARP probes' },
      { statements: [countSpoofed, drop] },
    ],
  },
  {
    family: 'bridge',
    name: 'forward',
    hook: { name: 'forward', priority: GUARD_PRIORITY },
    rules: [
      { statements: [{ match: 'ether type', type: '8021q' }, toClosed(), countStray, drop], comment: 'would pass by the inet table' },
      { statements: [{ match: 'ether type', type: '8021ad' }, toClosed(), countStray, drop] },
      { statements: [{ match: 'set', key: ['oifname', 'ip daddr'], set: 'port4' }, accept], comment: 'judged by the inet table' },
      { statements: [{ match: 'set', key: ['oifname', 'ip6 daddr'], set: 'port6' }, accept] },
      { statements: [toClosed(), { verdict: 'goto', chain: 'stray' }] },
    ],
  },
  {
    family: 'bridge',
    name: 'stray',
    rules: [
      { statements: [{ match: 'ether type', type: 'arp' }, accept] },
      { statements: [LINK_MESSAGES, accept] },
      { statements: [countStray, drop], comment: 'broadcast, multicast, other addresses of the pod' },
    ],
  },
]

function isolated(direction: Direction, family: Family): Rule {
  const set = `${direction}_isolated${family}` as const
  return { statements: [{ match: 'set', key: [local(direction, family)], set }, { verdict: 'jump', chain: `${direction}${family}` }] }
}

/** The four chains that judge the new connections of one direction and family. */
function judgement(direction: Direction, family: Family): Chain[] {
  const name = `${direction}${family}` as const
  const remoteAddress = direction === 'in' ? source(family) : target(family)
  const localAddress = local(direction, family)
  const goTo = (chain: string): Statement => ({ verdict: 'goto', chain })
  const chain = (suffix: string, rules: readonly (readonly Statement[])[]): Chain => ({
    family: 'inet',
    name: `${name}${suffix}`,
    rules: rules.map((statements) => ({ statements })),
  })
  return [
    chain('', [
      [{ set: 'priority', key: [remoteAddress], map: `class${family}` }, goTo(`${name}_pair`)],
      [{ set: 'priority', key: [remoteAddress], map: `cidr${family}` }, goTo(`${name}_pair`)],
      [goTo(`${name}_default`)],
    ]),
    chain('_pair', [
      [{ set: 'priority', key: ['meta priority', localAddress], map: `${direction}_pair${family}` }, goTo(`${name}_decide`)],
      [goTo(`${name}_default`)],
    ]),
    chain('_default', [
      [{ set: 'priority', key: [localAddress], map: `${direction}_default${family}` }, goTo(`${name}_decide`)],
      [priorityNone, goTo(`${name}_decide`)],
    ]),
    chain('_decide', decision(direction, family)),
  ]
}

/** Priority holds the permission. Allowed by a port, a range, as a whole, or always; else denied, counted and logged. */
function decision(direction: Direction, family: Family): Statement[][] {
  const port: Field[] = ['meta priority', 'meta l4proto', 'th dport']
  return [
    [{ countIn: 'perm_ports', key: port }, priorityNone, back],
    [{ countIn: 'perm_ranges', key: port }, priorityNone, back],
    [{ countIn: 'perm_any', key: ['meta priority'] }, priorityNone, back],
    [priorityNone],
    // A pod and itself, through a Service.
    [{ match: 'set', key: [source(family), target(family)], set: `self${family}` }, back],
    // Last, so that connections that are allowed do not pay for it.
    ...(family === 6 ? [[NEIGHBOUR_DISCOVERY, back]] : []),
    [{ countIn: `${direction}_deny${family}`, key: [local(direction, family)] }],
    [
      { limit: { perSecond: 20, burst: 40 } },
      { log: { prefix: `${LOG_PREFIX}${direction} `, group: LOG_GROUP, snaplen: LOG_SNAPLEN } },
    ],
    [drop],
  ]
}

function local(direction: Direction, family: Family): Field {
  return direction === 'in' ? target(family) : source(family)
}

function source(family: Family): Field {
  return family === 4 ? 'ip saddr' : 'ip6 saddr'
}

function target(family: Family): Field {
  return family === 4 ? 'ip daddr' : 'ip6 daddr'
}

function fromPort(): Statement[] {
  return [{ match: 'set', key: ['iifname'], set: 'ports' }]
}

/** Frames to a pod that is isolated for ingress. */
function toClosed(): Statement {
  return { match: 'set', key: ['oifname'], set: 'closed' }
}

function address(text: string): AddressRange {
  const single = parseAddress(text)
  const range = single === undefined ? parseCidr(text) : { first: single, last: single }
  if (range === undefined) throw new TypeError(`no address or CIDR: ${text}`)
  return range
}
