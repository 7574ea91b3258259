// Single rules of the program, judged by real packets: what port look-ups make of packets without ports, and what the guards
// let through. The policies as a whole are judged in the lab.
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import type { Backend } from '../../../src/nftables/backend.ts'
import type { Content, CounterName, Key, Value } from '../../../src/nftables/content.ts'
import type { SetName } from '../../../src/nftables/schema.ts'
import { replace } from '../../../src/nftables/transaction.ts'
import { createBackend } from '../../../src/netlink/create-backend.ts'
import { createNamespaces, deleteNamespaces, exec, ipBatch, namespacePrefix, onProcessEnd } from '../../../lab/namespace.ts'
import { until } from '../../../lab/patience.ts'
import { address, classid, port } from '../../nftables/contents.ts'
import { arp, ETHERTYPE, frame, ip, PROTOCOL, send, tagged, type Packet } from './frames.ts'

const PREFIX = namespacePrefix()
const NODE = `${PREFIX}-node`
const POD = `${PREFIX}-pod`
const SOURCE = '10.7.0.2'
const SOURCE6 = 'fd07::2'
/** A pod behind the node, reached over a device that leads nowhere. */
const TARGET = '10.7.1.2'
const TARGET6 = 'fd07:1::2'
const ANY_TARGET = '10.7.1.3'
const NODE_MAC = '02:00:00:00:00:01'
const TO_NODE = Buffer.from(NODE_MAC.replaceAll(':', ''), 'hex')

let backend: Backend
const cancel = onProcessEnd(() => deleteNamespaces([NODE, POD]))

beforeAll(() => {
  createNamespaces([NODE, POD])
  ipBatch(NODE, [
    `link add vroute address ${NODE_MAC} type veth peer name routed netns ${POD}`,
    `link add vbridge type veth peer name bridged netns ${POD}`,
    'link add bridge type bridge',
    `link add behind type veth peer name sink netns ${POD}`,
    'link set vbridge master bridge',
    ...['vroute', 'vbridge', 'bridge', 'behind', 'lo'].map((link) => `link set ${link} up`),
    `route add ${SOURCE} dev vroute`,
    'route add 10.7.1.0/24 dev behind',
    `route add ${SOURCE6} dev vroute`,
    'route add fd07:1::/64 dev behind',
    ...[TARGET, ANY_TARGET, TARGET6].map((each) => `neigh add ${each} lladdr 02:00:00:00:00:99 dev behind`),
  ])
  ipBatch(POD, ['routed', 'bridged', 'sink'].map((link) => `link set ${link} up`))
  exec(NODE, ['sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1', 'net.ipv4.conf.all.rp_filter=0'])
  backend = createBackend({ kind: 'netlink', namespace: `/run/netns/${NODE}` })
})

beforeEach(async () => {
  await backend.commit(replace(CONTENT, new Map(), backend.reader.state()))
})

afterAll(() => {
  backend.close()
  cancel()
  deleteNamespaces([NODE, POD])
})

/** TARGET takes port 80 of TCP, UDP and SCTP, and TCP 1000 to 2000, from SOURCE; ANY_TARGET takes everything from everyone. */
const CONTENT: Content = {
  sets: new Map<SetName, ReadonlyMap<Key, Value>>([
    ['class4', elements([address(SOURCE), 0x1_0001])],
    ['class6', elements([address(SOURCE6), 0x1_0001])],
    ['in_judged4', elements([address(TARGET), true], [address(ANY_TARGET), true])],
    ['in_judged6', elements([address(TARGET6), true])],
    ['in_pair4', elements([classid(0x1_0001) + address(TARGET), 5])],
    ['in_pair6', elements([classid(0x1_0001) + address(TARGET6), 5])],
    ['in_default4', elements([address(ANY_TARGET), 6])],
    ['in_deny4', elements([address(TARGET), 'deny4'], [address(ANY_TARGET), 'deny4'])],
    ['in_deny6', elements([address(TARGET6), 'deny6'])],
    ['verdict_ports', elements(...[PROTOCOL.tcp, PROTOCOL.udp, PROTOCOL.sctp].map((each) => [entry(5, each, 80), 'ports'] as const))],
    ['verdict_ranges', elements([entry(5, PROTOCOL.tcp, 1000) + entry(5, PROTOCOL.tcp, 2000), 'ranges'])],
    ['verdict_any', elements([classid(6), 'any'])],
    ['veths', elements([ifname('vroute'), true])],
    ['veth4', elements([ifname('vroute') + address(SOURCE), true])],
    ['veth6', elements([ifname('vroute') + address(SOURCE6), true])],
    ['ports', elements([ifname('vbridge'), true])],
    ['port4', elements([ifname('vbridge') + address(SOURCE), true])],
    ['port6', elements([ifname('vbridge') + address(SOURCE6), true])],
  ]),
  counters: new Set(['ports', 'ranges', 'any', 'deny4', 'deny6'] as CounterName[]),
}

const v4 = { from: SOURCE, to: TARGET }
const v6 = { from: SOURCE6, to: TARGET6 }
const toAny = { from: SOURCE, to: ANY_TARGET }
const SOLICITATION = Buffer.from([135, 0, 0, 0, 0, 0, 0, 0, ...Buffer.from(address(TARGET6), 'latin1')])
/** An echo request whose checksum, where TCP has its port, is 80. */
const pingLikePort80 = Buffer.from([8, 0, 0, 80, 0, 1, 0, 1])

test.each<[string, Packet, string | undefined]>([
  ['TCP by its port', { ...v4, protocol: PROTOCOL.tcp, port: 80 }, 'ports'],
  ['UDP by its port', { ...v4, protocol: PROTOCOL.udp, port: 80 }, 'ports'],
  ['SCTP by its port', { ...v4, protocol: PROTOCOL.sctp, port: 80, payload: sctpInit(80) }, 'ports'],
  ['a port of a range', { ...v4, protocol: PROTOCOL.tcp, port: 1500 }, 'ranges'],
  ['the first of a range', { ...v4, protocol: PROTOCOL.tcp, port: 1000 }, 'ranges'],
  ['the last of a range', { ...v4, protocol: PROTOCOL.tcp, port: 2000 }, 'ranges'],
  ['behind a range', { ...v4, protocol: PROTOCOL.tcp, port: 2001 }, 'deny4'],
  ['the range of another protocol', { ...v4, protocol: PROTOCOL.udp, port: 1500 }, 'deny4'],
  ['another port', { ...v4, protocol: PROTOCOL.tcp, port: 81 }, 'deny4'],
  ['ICMP is no port', { ...v4, protocol: PROTOCOL.icmp, payload: pingLikePort80 }, 'deny4'],
  ['ICMP where all is allowed', { ...toAny, protocol: PROTOCOL.icmp, payload: pingLikePort80 }, 'any'],
  ['GRE where all is allowed', { ...toAny, protocol: PROTOCOL.gre, payload: Buffer.alloc(8) }, 'any'],
  ['no payload at all, where all is allowed', { ...toAny, protocol: PROTOCOL.experiment, payload: Buffer.alloc(0) }, 'any'],
  ['no payload at all', { ...v4, protocol: PROTOCOL.experiment, payload: Buffer.alloc(0) }, 'deny4'],
  ['IPv6 TCP by its port', { ...v6, protocol: PROTOCOL.tcp, port: 80 }, 'ports'],
  ['IPv6 TCP behind an extension header', { ...v6, protocol: PROTOCOL.tcp, port: 80, hopByHop: true }, 'ports'],
  ['IPv6 another port', { ...v6, protocol: PROTOCOL.tcp, port: 81 }, 'deny6'],
  ['IPv6 ping', { ...v6, protocol: PROTOCOL.icmpv6, payload: Buffer.from([128, 0, 0, 80, 0, 1, 0, 1]) }, 'deny6'],
  ['IPv6 neighbour discovery, which is none if it is routed', { ...v6, protocol: PROTOCOL.icmpv6, payload: SOLICITATION }, 'deny6'],
  ['a forged source', { ...v4, from: '10.7.0.3', protocol: PROTOCOL.tcp, port: 80 }, 'spoofed'],
  ['a forged IPv6 source', { ...v6, from: 'fd07::3', protocol: PROTOCOL.tcp, port: 80 }, 'spoofed'],
  ['link-local is not for the guard', { from: 'fe80::1', to: 'ff02::1', protocol: PROTOCOL.icmpv6, payload: SOLICITATION }, undefined],
])('routed: %s', async (_, packet, counter) => {
  const etherType = packet.from.includes(':') ? ETHERTYPE.ip6 : ETHERTYPE.ip
  send(POD, 'routed', [frame(etherType, ip(packet), TO_NODE)])
  await expectCounted(counter)
})

const tcp4 = { from: SOURCE, to: '10.7.0.9', protocol: PROTOCOL.tcp, port: 80 }
const REPORT = Buffer.from([143, 0, 0, 0, 0, 0, 0, 0])
const discovery = { from: 'fe80::1', to: 'ff02::1', protocol: PROTOCOL.icmpv6, payload: SOLICITATION }

test.each<[string, Buffer, string | undefined]>([
  ['the own address', frame(ETHERTYPE.ip, ip(tcp4)), undefined],
  ['the own IPv6 address', frame(ETHERTYPE.ip6, ip({ ...v6, protocol: PROTOCOL.tcp, port: 80 })), undefined],
  ['a forged address', frame(ETHERTYPE.ip, ip({ ...tcp4, from: '10.7.0.3' })), 'spoofed'],
  ['ARP for the own address', frame(ETHERTYPE.arp, arp(SOURCE)), undefined],
  ['ARP for another address', frame(ETHERTYPE.arp, arp('10.7.0.3')), 'spoofed'],
  ['an ARP probe', frame(ETHERTYPE.arp, arp('0.0.0.0')), undefined],
  ['neighbour discovery', frame(ETHERTYPE.ip6, ip(discovery)), undefined],
  ['discovery before there is an address', frame(ETHERTYPE.ip6, ip({ ...discovery, from: '::' })), undefined],
  ['a listener report behind a router alert', frame(ETHERTYPE.ip6, ip({ ...discovery, hopByHop: true, payload: REPORT })), undefined],
  ['other link-local traffic', frame(ETHERTYPE.ip6, ip({ ...discovery, protocol: PROTOCOL.tcp, payload: Buffer.alloc(20) })), 'spoofed'],
  ['traffic from no address', frame(ETHERTYPE.ip6, ip({ ...discovery, from: '::', protocol: PROTOCOL.udp, payload: REPORT })), 'spoofed'],
  ['neither IP nor ARP', frame(ETHERTYPE.lldp, Buffer.alloc(50)), 'spoofed'],
  ['a priority tag', tagged(ETHERTYPE.vlan, ETHERTYPE.ip, ip(tcp4)), 'spoofed'],
  ['a service tag', tagged(ETHERTYPE.serviceVlan, ETHERTYPE.ip, ip(tcp4)), 'spoofed'],
  ['tagged ARP', tagged(ETHERTYPE.vlan, ETHERTYPE.arp, arp(SOURCE)), 'spoofed'],
  ['tagged discovery', tagged(ETHERTYPE.vlan, ETHERTYPE.ip6, ip(discovery)), 'spoofed'],
])('bridged: %s', async (_, bytes, counter) => {
  send(POD, 'bridged', [bytes])
  await expectCounted(counter)
})

/** Counted there, once, and nowhere else. A second packet, that is counted for sure, shows when the first has been through. */
async function expectCounted(counter: string | undefined): Promise<void> {
  const end = ip({ ...toAny, protocol: PROTOCOL.udp, port: 9 })
  send(POD, 'routed', [frame(ETHERTYPE.ip, end, TO_NODE)])
  const expected = counter === 'any' ? { any: 2 } : { any: 1, ...(counter === undefined ? {} : { [counter]: 1 }) }
  await until(async () => ((await counted())['any'] ?? 0) >= expected.any)
  expect(await counted()).toEqual(expected)
}

async function counted(): Promise<Record<string, number>> {
  const counters = await backend.reader.counters()
  return Object.fromEntries([...counters].map(([name, { packets }]) => [name, packets] as const).filter(([, packets]) => packets > 0))
}

function elements(...entries: readonly (readonly [string, Value])[]): ReadonlyMap<Key, Value> {
  return new Map(entries as readonly (readonly [Key, Value])[])
}

function entry(permission: number, protocol: number, number: number): string {
  return `${classid(permission)}${String.fromCharCode(protocol, 0, 0, 0)}${port(number)}`
}

function ifname(name: string): string {
  return name.padEnd(16, '\0')
}

function sctpInit(number: number): Buffer {
  const chunk = Buffer.alloc(32)
  chunk.writeUInt16BE(40_000, 0)
  chunk.writeUInt16BE(number, 2)
  chunk[12] = 1
  chunk.writeUInt16BE(20, 14)
  return chunk
}
