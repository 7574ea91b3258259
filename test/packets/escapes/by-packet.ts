// Packets that name the address of who gets them, in every disguise.
import { PROTOCOL } from '../../netlink/nf-tables/frames.ts'
import { EXTENSION, extended, fragments, icmp, tcp, udp } from './attack.ts'
import { type Escape, everyFamily, ICMP, NEIGHBOUR, toEnd, toNeighbour, toNeighbour6 } from './escape.ts'

const [SYN, ACK, RST, FIN] = [0x02, 0x10, 0x04, 0x01]
const ICMP_TYPES = { 4: [0, 3, 5, 8, 11], 6: [1, 2, 3, 128, 129, 130, 143] } as const
const ROUTER_AND_NEIGHBOUR_DISCOVERY = [133, 134, 135, 136, 137]
const CHAINS_OF_HEADERS = [
  [EXTENSION.hopByHop],
  [EXTENSION.destination],
  [EXTENSION.routing],
  [EXTENSION.hopByHop, EXTENSION.destination, EXTENSION.routing, EXTENSION.destination],
]

export const BY_PACKET: readonly Escape[] = [
  ...toNeighbour('a datagram', udp),
  ...toEnd('by the gateway', NEIGHBOUR, udp),
  ...toEnd('the outside', 'outside', udp),
  ...toEnd('another node', 'node1', udp),
  ...toEnd('the own node', 'node0', udp),
  ...everyFamily('fragments', (family, attack, note) => fragments(attack, attack.to(NEIGHBOUR)[family], udp(note), attack.nextHop(NEIGHBOUR))),
  ...everyFamily('fragments, the last one first', (family, attack, note) => (
    fragments(attack, attack.to(NEIGHBOUR)[family], udp(note), attack.nextHop(NEIGHBOUR)).reverse()
  )),
  ...everyFamily('fragments to the own node', (family, attack, note) => (
    fragments(attack, attack.to('node0')[family], udp(note), attack.nextHop('gateway'))
  )),
  ...CHAINS_OF_HEADERS.map((headers) => toNeighbour6WithHeaders(headers)),
  ...[SYN, SYN | ACK, ACK, RST, FIN | ACK, 0].flatMap((flags) => (
    toNeighbour(`TCP of no connection, flags ${flags}`, (note) => tcp(note, flags), { protocol: PROTOCOL.tcp })
  )),
  ...[PROTOCOL.gre, PROTOCOL.experiment].flatMap((protocol) => [
    ...toNeighbour(`protocol ${protocol}`, (note) => icmp(0, note), { protocol }),
    ...toEnd(`protocol ${protocol} to the own node`, 'node0', (note) => icmp(0, note), { protocol }),
  ]),
  ...ICMP_TYPES[4].map((type) => toNeighbour(`ICMP type ${type}`, (note) => icmp(type, note), { protocol: ICMP[0] })[0]!),
  ...ICMP_TYPES[6].map((type) => toNeighbour6(`ICMP type ${type}`, (note) => icmp(type, note), { protocol: ICMP[1] })),
  ...ROUTER_AND_NEIGHBOUR_DISCOVERY.flatMap((type) => [64, 255].map((hopLimit) => (
    toEnd(`discovery, type ${type}, sent on with hop limit ${hopLimit}`, 'outside', (note) => icmp(type, note), { protocol: ICMP[1], hopLimit })[1]!
  ))),
]

function toNeighbour6WithHeaders(headers: readonly number[]): Escape {
  return {
    name: `extension headers ${headers.join(', ')}`,
    frames: (attack, note) => {
      const { protocol, payload } = extended(headers, PROTOCOL.udp, udp(note))
      return [attack.packet(attack.to(NEIGHBOUR)[1], payload, { protocol, mac: attack.nextHop(NEIGHBOUR) })]
    },
  }
}
