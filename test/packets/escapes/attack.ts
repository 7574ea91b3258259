// A pod that sends frames of its own making, and who gets them: other pods, the world outside, and the nodes themselves.
import { internetChecksum } from '../../../lab/checksum.ts'
import { Ear } from '../../../lab/ear.ts'
import { Fence } from '../../../lab/fence.ts'
import { macBytes } from '../../../lab/frame.ts'
import { addressTexts, type Host } from '../../../lab/host.ts'
import { exec } from '../../../lab/namespace.ts'
import { onOneCpu } from '../../../lab/native.ts'
import { PacketSocket } from '../../../lab/packet-socket.ts'
import { gatewayMac, type LabPod } from '../../../lab/pod.ts'
import type { AgentLab } from '../../agent/agent-lab.ts'
import { ETHERTYPE, frame, ip, type Packet, PROTOCOL } from '../../netlink/nf-tables/frames.ts'
import type { PodName } from '../../situations/fixture.ts'

export const PORT = 5000
/** Nodes have no server there. */
const TCP_PORT = 5001
const HEARD = [PROTOCOL.icmp, PROTOCOL.tcp, PROTOCOL.udp, PROTOCOL.gre, PROTOCOL.icmpv6, PROTOCOL.experiment]
const NOTE_BYTES = 8

/** IPv4 and IPv6. */
export type Texts = readonly [string, string]

export class Attack {
  readonly #lab: AgentLab
  readonly #fence: Fence
  readonly #listeners: readonly (readonly [string, PacketSocket | Ear])[]
  readonly #sender: PacketSocket
  readonly from: LabPod
  #notes = 0

  /** @param from the attacker, whose frames nobody else sees */
  constructor(lab: AgentLab, from: PodName) {
    this.#lab = lab
    this.from = lab.pod(from)
    this.#fence = new Fence(lab.lab.fabric)
    this.#sender = new PacketSocket(this.from.namespace, 'eth0')
    const hosts: Host[] = [...lab.lab.pods.filter((pod) => pod !== this.from), ...lab.lab.externals]
    this.#listeners = [
      ...hosts.map((host) => [host.name, new PacketSocket(host.namespace, 'eth0')] as const),
      ...lab.lab.nodes.flatMap(({ name, namespace }) => HEARD.flatMap((protocol) => (
        ([4, 6] as const).map((family) => [name, new Ear(namespace, family, protocol)] as const)
      ))),
    ]
  }

  get own(): Texts {
    return addressTexts(this.from)
  }

  /** The other end's addresses: of a pod, a node or the host outside. */
  to(end: PodName | 'node0' | 'node1' | 'outside'): Texts {
    if (end === 'outside') return addressTexts(this.#lab.lab.externals[0]!)
    return addressTexts(end.startsWith('node') ? this.#lab.lab.nodes[Number(end.slice(-1))]! : this.#lab.pod(end as PodName))
  }

  /** The link-local address of a pod, or of the end of the attacker's link in its node. */
  linkLocal(end: PodName | 'gateway'): string {
    const { node, veth } = this.from
    const [namespace, link] = end === 'gateway' ? [node.namespace, node.layout === 'routed' ? veth : 'cni0'] : [this.#lab.pod(end).namespace, 'eth0']
    return /inet6 (fe80[^/]+)/.exec(exec(namespace, ['ip', '-6', '-o', 'addr', 'show', 'dev', link, 'scope', 'link']))![1]!
  }

  /** The MAC address that a pod's frames would go to by themselves. */
  nextHop(end: PodName | 'gateway'): Buffer {
    const isNeighbour = end !== 'gateway' && this.from.node.layout === 'bridge'
    return macBytes(isNeighbour ? this.#lab.pod(end).mac : gatewayMac(this.from))
  }

  mac(end: PodName): Buffer {
    return macBytes(this.#lab.pod(end).mac)
  }

  /** A UDP datagram with the note, or what else is in the packet, to the gateway unless said. */
  packet(to: string, payload: Buffer, more: Partial<Packet> & { readonly mac?: Buffer } = {}): Buffer {
    const { mac = this.nextHop('gateway'), ...packet } = more
    const isV6 = to.includes(':')
    const from = this.own[isV6 ? 1 : 0]
    return frame(isV6 ? ETHERTYPE.ip6 : ETHERTYPE.ip, ip({ from, to, protocol: PROTOCOL.udp, payload, ...packet }), mac)
  }

  /** Sends frames that all have the note in them. @returns who got any of them, in no order, once each */
  send(framesOf: (note: Buffer) => readonly Buffer[]): string[] {
    const note = Buffer.from(`note${String(++this.#notes).padStart(NOTE_BYTES - 4, '0')}`)
    onOneCpu(() => {
      for (const bytes of framesOf(Buffer.concat(Array(6).fill(note)))) this.#sender.send(bytes)
      this.#fence.pass()
    })
    const heard = this.#listeners.filter(([, socket]) => hears(socket, note)).map(([name]) => name)
    return [...new Set(heard)]
  }

  close(): void {
    this.#fence.close()
    this.#sender.close()
    for (const [, socket] of this.#listeners) socket.close()
  }
}

function hears(socket: PacketSocket | Ear, note: Buffer): boolean {
  let found = false
  for (let bytes = socket.receive(); bytes !== undefined; bytes = socket.receive()) found ||= bytes.includes(note)
  return found
}

export function udp(data: Buffer, port = PORT): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt16BE(40_000, 0)
  head.writeUInt16BE(port, 2)
  head.writeUInt16BE(head.length + data.length, 4)
  return Buffer.concat([head, data])
}

/** A segment that no connection has, with these flags. */
export function tcp(data: Buffer, flags: number): Buffer {
  const head = Buffer.alloc(20)
  head.writeUInt16BE(40_000, 0)
  head.writeUInt16BE(TCP_PORT, 2)
  head[12] = 5 << 4
  head[13] = flags
  return Buffer.concat([head, data])
}

/** ICMP and ICMPv6 alike. */
export function icmp(type: number, data: Buffer): Buffer {
  return Buffer.concat([Buffer.from([type, 0, 0, 0, 0, 0, 0, 0]), data])
}

/** IPv6 extension headers, each empty, before a payload. @returns the first one's number, and all bytes */
export function extended(headers: readonly number[], protocol: number, payload: Buffer): { readonly protocol: number; readonly payload: Buffer } {
  const empty = (next: number, header: number) => Buffer.from([next, 0, ...(header === EXTENSION.routing ? [4, 0, 0, 0, 0, 0] : [1, 4, 0, 0, 0, 0])])
  return headers.reduceRight((inner, header) => (
    { protocol: header, payload: Buffer.concat([empty(inner.protocol, header), inner.payload]) }
  ), { protocol, payload })
}

export const EXTENSION = { hopByHop: 0, routing: 43, fragment: 44, destination: 60 } as const

/** A UDP datagram in two fragments, of which only the first has ports. */
export function fragments(attack: Attack, to: string, payload: Buffer, mac: Buffer): Buffer[] {
  const parts = [payload.subarray(0, FIRST_FRAGMENT), payload.subarray(FIRST_FRAGMENT)]
  return parts.map((part, index) => (to.includes(':') ? fragment6(attack, to, part, { index, mac }) : fragment4(attack, to, part, { index, mac })))
}

const FIRST_FRAGMENT = 24
const ETHERNET_BYTES = 14
let identification = 0

interface At {
  readonly index: number
  readonly mac: Buffer
}

function fragment4(attack: Attack, to: string, part: Buffer, { index, mac }: At): Buffer {
  if (index === 0) identification++
  const bytes = attack.packet(to, part, { mac })
  const head = bytes.subarray(ETHERNET_BYTES, ETHERNET_BYTES + 20)
  head.writeUInt16BE(identification, 4)
  head.writeUInt16BE(index === 0 ? 0x2000 : FIRST_FRAGMENT / 8, 6)
  head.writeUInt16BE(0, 10)
  head.writeUInt16BE(internetChecksum(head), 10)
  return bytes
}

function fragment6(attack: Attack, to: string, part: Buffer, { index, mac }: At): Buffer {
  if (index === 0) identification++
  const head = Buffer.from([PROTOCOL.udp, 0, 0, index === 0 ? 1 : FIRST_FRAGMENT, 0, 0, 0, identification])
  return attack.packet(to, Buffer.concat([head, part]), { mac, protocol: EXTENSION.fragment })
}
