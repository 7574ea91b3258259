// The program as data: every chain and rule of both tables. They are created once; policy only changes elements (schema.ts).
//
//   prerouting -350 ─▶ guard: does this address belong behind this veth? ─no─▶ spoofed ─▶ count, drop
//   forward 0 ─▶ established: accept, but for what asks for a new connection
//      ├─ source judged ──▶ out (judgement.ts) ─▶ return, or count, log, drop
//      └─ target judged ──▶ in  ─▶ the same
//   input 0 ─▶ the same
//      ├─ from a pod of this node, to a tunnel ─▶ tunnelled ─▶ count, drop
//      └─ source is a pod that a ClusterNetworkPolicy judges for egress ──▶ own ─▶ the same
//
//   bridge: forward -350 ─▶ to the port of a pod, but not to its address, and one of the two is judged ─▶ stray ─▶ count, drop
import { parseAddress, parseCidr, type AddressRange } from '../cluster/address.ts'
import type { CounterName } from './content.ts'
import { judged, judgedOwn, judgement, ownJudgement } from './judgement.ts'
import type { TableFamily } from './schema.ts'
import type { Chain, Rule, Statement } from './statement.ts'

/** Counter in both tables of packets that entered from a pod's veth with an address that the pod does not have. */
export const SPOOFED = 'spoofed' as CounterName

/** Counter in the bridge table of frames to or from a judged pod that no policy can judge: they do not name the receiver's address. */
export const STRAY = 'stray' as CounterName

/** Counter in the inet table of packets that a pod sent to its node for a tunnel to unwrap. */
export const TUNNELLED = 'tunnelled' as CounterName

/** Counters that are there whatever the policies are, by the table that they are in. */
export const OWN_COUNTERS: Readonly<Record<TableFamily, readonly CounterName[]>> = { inet: [SPOOFED, TUNNELLED], bridge: [SPOOFED, STRAY] }

/** Before conntrack (-200), so that a forged packet leaves no entry there; on bridges before br_netfilter (0). */
const GUARD_PRIORITY = -350

const accept: Statement = { verdict: 'accept' }
const countSpoofed: Statement = { count: SPOOFED }
const countStray: Statement = { count: STRAY }
const drop: Statement = { verdict: 'drop' }

const UNSPECIFIED6 = address('::')
const LINK_LOCAL6 = address('fe80::/10')
const UNSPECIFIED4 = address('0.0.0.0')

/** Multicast listener and neighbour discovery (RFC 4443: 130 to 137), up to version 2 listener reports (143). */
const LINK_MESSAGES: Statement = { match: 'icmpv6', first: 130, last: 143 }

/** Discovery from a pod's link, which may come before the pod has an address. */
const DISCOVERY: readonly Rule[] = [UNSPECIFIED6, LINK_LOCAL6].map((range) => (
  { statements: [{ match: 'address', field: 'ip6 saddr', range }, LINK_MESSAGES, accept] }
))

/**
 * No connection is judged twice. What asks for a new one is judged, also where conntrack still knows the old one of these ports; and of
 * what conntrack relates to a connection errors alone are part of it: helpers would open ports that a pod names.
 */
const OPEN: readonly Rule[] = [
  // Nearly all packets are one of these two. Each is done with after as few expressions as can be.
  { statements: [{ match: 'transport', is: 'tcp ack' }, { match: 'ct state', states: ['established'] }, accept] },
  { statements: [{ match: 'protocol', protocol: 'udp' }, { match: 'ct state', states: ['established'] }, accept] },
  { statements: [{ match: 'ct state', states: ['established'] }, { verdict: 'jump', chain: 'open' }] },
  { statements: [{ match: 'protocol', protocol: 'icmp' }, { match: 'ct state', states: ['related'] }, accept] },
  { statements: [{ match: 'protocol', protocol: 'ipv6-icmp' }, { match: 'ct state', states: ['related'] }, accept] },
]

/** Nodes and pods elsewhere may send to the node's tunnels; its own pods have nothing to do there. */
const TUNNELS: readonly Rule[] = (['ip saddr', 'ip6 saddr'] as const).flatMap((field) => {
  const fromPod: Statement = { match: 'set', key: [field], set: field === 'ip saddr' ? 'local4' : 'local6' }
  const tunnelled: Statement = { verdict: 'goto', chain: 'tunnelled' }
  return [
    { statements: [{ match: 'set', key: ['meta l4proto', 'th dport'], set: 'tunnels' }, fromPod, tunnelled] },
    { statements: [{ match: 'set', key: ['meta l4proto'], set: 'tunnel_protocols' }, fromPod, tunnelled] },
  ]
})

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
      { statements: [{ match: 'set', key: ['iifname'], set: 'closed_own' }, { verdict: 'goto', chain: 'link_local' }] },
      { statements: [{ match: 'address', field: 'ip6 saddr', range: UNSPECIFIED6 }, accept], comment: 'before an address is assigned' },
      { statements: [{ match: 'address', field: 'ip6 saddr', range: LINK_LOCAL6 }, accept], comment: 'never forwarded' },
      { statements: [countSpoofed, drop] },
    ],
  },
  {
    family: 'inet',
    name: 'link_local',
    guards: true,
    rules: [...DISCOVERY, { statements: [countSpoofed, drop], comment: 'would reach the node without being judged' }],
  },
  {
    family: 'inet',
    name: 'open',
    rules: [
      { statements: [{ match: 'transport', is: 'tcp request' }, { verdict: 'return' }] },
      { statements: [{ match: 'transport', is: 'sctp request' }, { verdict: 'return' }] },
      { statements: [accept] },
    ],
  },
  {
    family: 'inet',
    name: 'forward',
    hook: { name: 'forward', priority: 0 },
    rules: [...OPEN, judged('out', 4), judged('in', 4), judged('out', 6), judged('in', 6)],
  },
  {
    family: 'inet',
    name: 'input',
    hook: { name: 'input', priority: 0 },
    rules: [...OPEN, ...TUNNELS, judgedOwn(4), judgedOwn(6)],
  },
  {
    family: 'inet',
    name: 'tunnelled',
    rules: [{ statements: [{ count: TUNNELLED }, drop], comment: 'what is inside would come from a device that no policy guards' }],
  },
  ...judgement('out', 4),
  ...judgement('in', 4),
  ...judgement('out', 6),
  ...judgement('in', 6),
  ...ownJudgement(4),
  ...ownJudgement(6),
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
      ...DISCOVERY,
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
      // By the address that a frame names, policies may allow what it is; by its port it goes to another pod.
      { statements: [...fromClosed(), { verdict: 'goto', chain: 'stray' }] },
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

function fromPort(): Statement[] {
  return [{ match: 'set', key: ['iifname'], set: 'ports' }]
}

/** Frames to a pod that is judged for ingress. */
function toClosed(): Statement {
  return { match: 'set', key: ['oifname'], set: 'closed' }
}

/** Frames from a pod that is judged for egress to another pod. */
function fromClosed(): Statement[] {
  return [{ match: 'set', key: ['iifname'], set: 'closed_out' }, { match: 'set', key: ['oifname'], set: 'ports' }]
}

function address(text: string): AddressRange {
  const single = parseAddress(text)
  const range = single === undefined ? parseCidr(text) : { first: single, last: single }
  if (range === undefined) throw new TypeError(`no address or CIDR: ${text}`)
  return range
}
