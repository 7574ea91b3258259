// Frames that get to a neighbour or to the own node although they do not name an address that policies know, or do not send from one.
import { macBytes } from '../../../lab/frame.ts'
import { ETHERTYPE, frame, ip, type Packet, PROTOCOL, tagged } from '../../netlink/nf-tables/frames.ts'
import { type Attack, udp } from './attack.ts'
import { ATTACKER, type Escape, everyFamily, NEIGHBOUR } from './escape.ts'

const BROADCAST = Buffer.alloc(6, 0xff)
const PPPOE = 0x8864
const PPP_IP = 0x21

export const BY_LINK: readonly Escape[] = [
  ownNode('from the link-local address', (attack) => ({ from: attack.linkLocal(ATTACKER) })),
  ownNode('from a link-local address that the pod does not have', () => ({ from: 'fe80::bad' })),
  ownNode('from no address', () => ({ from: '::' })),
  {
    name: 'the own node by its link-local address, from that of the pod', layout: 'routed',
    frames: (attack, note) => [attack.packet(attack.linkLocal('gateway'), udp(note), { from: attack.linkLocal(ATTACKER) })],
  },
  {
    name: 'the own node by its link-local address', denied: 'everything',
    frames: (attack, note) => [attack.packet(attack.linkLocal('gateway'), udp(note))],
  },
  {
    name: 'the own node by an address that its object does not have', layout: 'bridge', denied: 'everything',
    frames: (attack, note) => [attack.packet('10.244.0.1', udp(note))],
  },
  neighbour('by its link-local address', (attack) => attack.linkLocal(NEIGHBOUR)),
  neighbour('by an address that no policy knows', () => '192.168.77.1'),
  neighbour('by an IPv6 address that no policy knows', () => '2001:db8:77::1'),
  neighbour('by the address of another pod', (attack) => attack.to('z/b')[0]),
  neighbour('by multicast to its port', () => '224.0.0.251'),
  ...everyFamily('a neighbour by an address outside', (family, attack, note) => (
    [attack.packet(attack.to('outside')[family], udp(note), { mac: attack.mac(NEIGHBOUR) })]
  )).map(onBridge),
  ...[ETHERTYPE.vlan, ETHERTYPE.serviceVlan].map((tag): Escape => onBridge({
    name: `a neighbour by a tag, ${tag.toString(16)}`,
    frames: (attack, note) => [tagged(tag, ETHERTYPE.ip, datagram(attack, note), attack.mac(NEIGHBOUR))],
  })),
  onBridge({ name: 'a neighbour by PPPoE', frames: (attack, note) => [frame(PPPOE, pppoe(datagram(attack, note)), attack.mac(NEIGHBOUR))] }),
  onBridge({ name: 'a neighbour by what is neither IP nor ARP', frames: (attack, note) => [frame(ETHERTYPE.lldp, note, attack.mac(NEIGHBOUR))] }),
  ...everyFamily('as another pod', (family, attack, note) => (
    [attack.packet(attack.to(NEIGHBOUR)[family], udp(note), { from: attack.to('z/a')[family], mac: attack.nextHop(NEIGHBOUR) })]
  )),
  ...everyFamily('as another node', (family, attack, note) => (
    [attack.packet(attack.to(NEIGHBOUR)[family], udp(note), { from: attack.to('node1')[family], mac: attack.nextHop(NEIGHBOUR) })]
  )),
]

/** What the node gets, and on a bridge every pod. */
export const TO_ALL: readonly Escape[] = [
  { name: 'limited broadcast', frames: (attack, note) => [attack.packet('255.255.255.255', udp(note), { mac: BROADCAST })] },
  { name: 'multicast', frames: (attack, note) => [attack.packet('224.0.0.1', udp(note), { mac: macBytes('01:00:5e:00:00:01') })] },
  { name: 'all nodes', frames: (attack, note) => [attack.packet('ff02::1', udp(note), { mac: macBytes('33:33:00:00:00:01') })] },
]

function ownNode(how: string, more: (attack: Attack) => Partial<Packet>): Escape {
  return { name: `the own node, ${how}`, layout: 'routed', frames: (attack, note) => [attack.packet(attack.to('node0')[1], udp(note), more(attack))] }
}

/** To the neighbour's port, whatever the address. */
function neighbour(how: string, to: (attack: Attack) => string): Escape {
  return onBridge({ name: `a neighbour ${how}`, frames: (attack, note) => [attack.packet(to(attack), udp(note), { mac: attack.mac(NEIGHBOUR) })] })
}

function onBridge(escape: Escape): Escape {
  return { ...escape, layout: 'bridge' }
}

function datagram(attack: Attack, note: Buffer): Buffer {
  return ip({ from: attack.own[0], to: attack.to(NEIGHBOUR)[0], protocol: PROTOCOL.udp, payload: udp(note) })
}

function pppoe(packet: Buffer): Buffer {
  const head = Buffer.from([0x11, 0, 0, 1, 0, 0, 0, PPP_IP]) // a session's data, without its length
  head.writeUInt16BE(packet.length + 2, 4)
  return Buffer.concat([head, packet])
}
