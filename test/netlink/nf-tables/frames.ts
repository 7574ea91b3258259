// Ethernet frames by hand, sent as they are from an interface of a namespace.
import { closeSync } from 'node:fs'
import { AF_PACKET, sendto, SOCK_RAW, socket } from '../../../src/netlink/libc.ts'
import { internetChecksum } from '../../../lab/checksum.ts'
import { exec, inNamespace } from '../../../lab/namespace.ts'
import { address } from '../../nftables/contents.ts'

const BROADCAST = Buffer.alloc(6, 0xff)

export const ETHERTYPE = { ip: 0x0800, arp: 0x0806, ip6: 0x86dd, lldp: 0x88cc, vlan: 0x8100, serviceVlan: 0x88a8 } as const
export const PROTOCOL = { icmp: 1, tcp: 6, udp: 17, gre: 47, icmpv6: 58, sctp: 132, experiment: 253 } as const

export interface Packet {
  readonly from: string
  readonly to: string
  readonly protocol: number
  /** What follows the IP header; default: a TCP, UDP or SCTP header to `port`. */
  readonly payload?: Buffer
  readonly port?: number
  /** IPv6: an empty hop-by-hop header before the payload. */
  readonly hopByHop?: boolean
  /** IPv6; default 64. */
  readonly hopLimit?: number
}

/** Sends frames as they are out of an interface. */
export function send(namespace: string, link: string, frames: readonly Buffer[]): void {
  const [{ ifindex }] = JSON.parse(exec(namespace, ['ip', '-j', 'link', 'show', link])) as [{ ifindex: number }]
  const fd = inNamespace(namespace, () => socket(AF_PACKET, SOCK_RAW, 0))
  const to = Buffer.alloc(20)
  to.writeUInt16LE(AF_PACKET, 0)
  to.writeInt32LE(ifindex, 4)
  for (const frame of frames) sendto(fd, frame, to)
  closeSync(fd)
}

export function frame(etherType: number, body: Buffer, target: Buffer = BROADCAST): Buffer {
  return Buffer.concat([target, Buffer.from('02000000aa01', 'hex'), be16(etherType), body])
}

/** A frame with a VLAN tag; tags of VLAN 0 only carry a priority. */
export function tagged(tag: number, etherType: number, body: Buffer, target: Buffer = BROADCAST): Buffer {
  return frame(tag, Buffer.concat([be16(0), be16(etherType), body]), target)
}

export function arp(sender: string): Buffer {
  return Buffer.concat([Buffer.from('000108000604000102000000aa01', 'hex'), bytes(sender), Buffer.alloc(6), bytes('10.9.9.9')])
}

export function ip(packet: Packet): Buffer {
  const payload = packet.payload ?? transport(packet)
  return packet.from.includes(':') ? ip6(packet, payload) : ip4(packet, payload)
}

function ip4({ from, to, protocol }: Packet, payload: Buffer): Buffer {
  const head = Buffer.alloc(20)
  head[0] = 0x45
  head.writeUInt16BE(20 + payload.length, 2)
  head[8] = 64
  head[9] = protocol
  bytes(from).copy(head, 12)
  bytes(to).copy(head, 16)
  head.writeUInt16BE(internetChecksum(head), 10)
  return Buffer.concat([head, payload])
}

function ip6({ from, to, protocol, hopByHop = false, hopLimit = 64 }: Packet, payload: Buffer): Buffer {
  const extension = hopByHop ? Buffer.from([protocol, 0, 1, 4, 0, 0, 0, 0]) : Buffer.alloc(0)
  const head = Buffer.alloc(8)
  head[0] = 0x60
  head.writeUInt16BE(extension.length + payload.length, 4)
  head[6] = hopByHop ? 0 : protocol
  head[7] = hopLimit
  return Buffer.concat([head, bytes(from), bytes(to), extension, payload])
}

/** A payload with its checksum at an offset where it is 0, as receivers and conntrack want it. */
export function summed({ from, to, protocol }: Pick<Packet, 'from' | 'to' | 'protocol'>, payload: Buffer, at: number): Buffer {
  const isWithoutAddresses = protocol === PROTOCOL.icmp
  const tail = Buffer.alloc(4)
  tail.writeUInt16BE(payload.length, 0)
  tail[3] = protocol
  const sum = internetChecksum(...(isWithoutAddresses ? [] : [bytes(from), bytes(to), tail]), payload)
  return Buffer.concat([payload.subarray(0, at), be16(sum), payload.subarray(at + 2)])
}

/** Enough of a header for ports and conntrack; checksums are not looked at on the way. */
function transport({ protocol, port = 0 }: Packet): Buffer {
  const head = Buffer.alloc(20)
  head.writeUInt16BE(40_000, 0)
  head.writeUInt16BE(port, 2)
  if (protocol === PROTOCOL.tcp) head.writeUInt16BE(0x5002, 12)
  if (protocol === PROTOCOL.udp) head.writeUInt16BE(20, 4)
  return head
}

function be16(value: number): Buffer {
  const word = Buffer.alloc(2)
  word.writeUInt16BE(value, 0)
  return word
}

function bytes(text: string): Buffer {
  return Buffer.from(address(text), 'latin1')
}
