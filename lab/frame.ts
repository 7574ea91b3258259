// Ethernet frames of probes: crafted with correct checksums, and recognized among everything else on a link.
import { addressFromBytes, familyOf, type Address } from '../src/cluster/address.ts'
import { internetChecksum } from './checksum.ts'
import { CODECS, type ProbeProtocol, type Segment } from './segment.ts'

export interface Frame extends Segment {
  readonly sourceMac: Buffer
  readonly destinationMac: Buffer
  readonly source: Address
  readonly destination: Address
}

/** The differentiated services code point that marks probes; pods drop these packets after the prober has seen them. */
export const PROBE_DSCP = 63

const ETHERNET_LENGTH = 14
const IPV4_LENGTH = 20
const IPV6_LENGTH = 40
const HOP_LIMIT = 64
const TRAFFIC_CLASS = PROBE_DSCP << 2
const NUMBERS = { 4: { TCP: 6, UDP: 17, SCTP: 132, ICMP: 1 }, 6: { TCP: 6, UDP: 17, SCTP: 132, ICMP: 58 } } as const
const PROTOCOLS = new Map<number, ProbeProtocol>([[6, 'TCP'], [17, 'UDP'], [132, 'SCTP'], [1, 'ICMP'], [58, 'ICMP']])
/** Ports and enough of what follows for every codec. */
const SHORTEST_SEGMENT = 18

export function encodeFrame(frame: Frame): Buffer {
  const segment = encodeSegment(frame)
  const ip = familyOf(frame.source) === 4 ? ipv4Header(frame, segment.length) : ipv6Header(frame, segment.length)
  const ethernetType = familyOf(frame.source) === 4 ? [0x08, 0x00] : [0x86, 0xdd]
  return Buffer.concat([frame.destinationMac, frame.sourceMac, Buffer.from(ethernetType), ip, segment])
}

/** @returns undefined for a frame that is no probe and no answer to one. The MAC addresses are views into `bytes`. */
export function decodeFrame(bytes: Buffer): Frame | undefined {
  if (bytes.length < ETHERNET_LENGTH + IPV4_LENGTH + SHORTEST_SEGMENT) return undefined
  const type = bytes.readUInt16BE(12)
  const ip = bytes.subarray(ETHERNET_LENGTH)
  if (type === 0x0800) return decodePacket(bytes, { protocol: ip[9], addresses: ip.subarray(12, 20), segment: ip.subarray(IPV4_LENGTH) })
  if (type === 0x86dd) return decodePacket(bytes, { protocol: ip[6], addresses: ip.subarray(8, 40), segment: ip.subarray(IPV6_LENGTH) })
  return undefined
}

/** What the receiver of a probe sends back: everything turned round, translated addresses and ports included. */
export function answerTo(frame: Frame): Frame {
  const [sourcePort, destinationPort] = frame.protocol === 'ICMP' ? [frame.sourcePort, 0] : [frame.destinationPort, frame.sourcePort]
  return {
    ...frame,
    sourceMac: frame.destinationMac,
    destinationMac: frame.sourceMac,
    source: frame.destination,
    destination: frame.source,
    sourcePort,
    destinationPort,
    isAnswer: true,
  }
}

export function macBytes(text: string): Buffer {
  return Buffer.from(text.replaceAll(':', ''), 'hex')
}

interface Packet {
  readonly protocol: number | undefined
  readonly addresses: Buffer
  readonly segment: Buffer
}

function decodePacket(bytes: Buffer, { protocol: number, addresses, segment }: Packet): Frame | undefined {
  const protocol = PROTOCOLS.get(number ?? 0)
  if (protocol === undefined || segment.length < SHORTEST_SEGMENT) return undefined
  const note = CODECS[protocol].decode(segment)
  if (note === undefined) return undefined
  const half = addresses.length / 2
  return {
    ...note,
    protocol,
    destinationMac: bytes.subarray(0, 6),
    sourceMac: bytes.subarray(6, 12),
    source: addressFromBytes(addresses.subarray(0, half)),
    destination: addressFromBytes(addresses.subarray(half)),
    sourcePort: segment.readUInt16BE(protocol === 'ICMP' ? 4 : 0),
    destinationPort: protocol === 'ICMP' ? 0 : segment.readUInt16BE(2),
  }
}

function encodeSegment(frame: Frame): Buffer {
  const family = familyOf(frame.source)
  const { encode, checksumAt } = CODECS[frame.protocol]
  const segment = encode(frame, family === 6)
  if (checksumAt === undefined) return segment
  const covered = frame.protocol === 'ICMP' && family === 4 ? [segment] : [pseudoHeader(frame, segment.length), segment]
  segment.writeUInt16BE(internetChecksum(...covered), checksumAt)
  return segment
}

function pseudoHeader(frame: Frame, length: number): Buffer {
  const tail = Buffer.alloc(4)
  tail.writeUInt16BE(length, 0)
  tail[3] = protocolNumber(frame)
  return Buffer.concat([addressBuffer(frame.source), addressBuffer(frame.destination), tail])
}

function ipv4Header(frame: Frame, length: number): Buffer {
  const header = Buffer.alloc(IPV4_LENGTH)
  header[0] = 0x45
  header[1] = TRAFFIC_CLASS
  header.writeUInt16BE(IPV4_LENGTH + length, 2)
  header[8] = HOP_LIMIT
  header[9] = protocolNumber(frame)
  header.write(frame.source + frame.destination, 12, 'latin1')
  header.writeUInt16BE(internetChecksum(header), 10)
  return header
}

function ipv6Header(frame: Frame, length: number): Buffer {
  const header = Buffer.alloc(IPV6_LENGTH)
  header.writeUInt32BE((0x60000000 | (TRAFFIC_CLASS << 20)) >>> 0, 0)
  header.writeUInt16BE(length, 4)
  header[6] = protocolNumber(frame)
  header[7] = HOP_LIMIT
  header.write(frame.source + frame.destination, 8, 'latin1')
  return header
}

function protocolNumber(frame: Frame): number {
  return NUMBERS[familyOf(frame.source)][frame.protocol]
}

function addressBuffer(address: Address): Buffer {
  return Buffer.from(address, 'latin1')
}
