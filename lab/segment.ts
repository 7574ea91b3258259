// The layer 4 part of a probe: the first packet of a conversation and the answer to it, each carrying a token that tells which
// probe it belongs to, where network address translation does not reach.
import type { Protocol } from '../src/cluster/objects.ts'
import { crc32c } from './checksum.ts'

export type ProbeProtocol = Protocol | 'ICMP'

export interface Segment {
  readonly protocol: ProbeProtocol
  /** For ICMP the identifier of the echo, in both directions. */
  readonly sourcePort: number
  /** Means nothing for ICMP. */
  readonly destinationPort: number
  /** 32 bits, not 0. */
  readonly token: number
  readonly isAnswer: boolean
}

interface Codec {
  /** Where the Internet checksum stands, if the protocol has one. */
  readonly checksumAt?: number
  readonly encode: (segment: Segment, ipv6: boolean) => Buffer
  /** The token and the direction, or undefined for anything that is no probe. */
  readonly decode: (bytes: Buffer) => { token: number; isAnswer: boolean } | undefined
}

const SYN = 0x02
const SYN_ACK = 0x12
const tcp: Codec = {
  checksumAt: 16,
  encode({ token, isAnswer, ...ports }) {
    const bytes = withPorts(20, ports)
    if (isAnswer) bytes.writeUInt32BE((token + 1) >>> 0, 8)
    else bytes.writeUInt32BE(token, 4)
    bytes[12] = 5 << 4 // header length in words
    bytes[13] = isAnswer ? SYN_ACK : SYN
    bytes.writeUInt16BE(65535, 14) // window
    return bytes
  },
  decode(bytes) {
    if (bytes[13] === SYN) return { token: bytes.readUInt32BE(4), isAnswer: false }
    if (bytes[13] === SYN_ACK) return { token: (bytes.readUInt32BE(8) - 1) >>> 0, isAnswer: true }
    return undefined
  },
}

const udp: Codec = {
  checksumAt: 6,
  encode({ token, isAnswer, ...ports }) {
    const bytes = withPorts(18, ports)
    bytes.writeUInt16BE(bytes.length, 4)
    writeNote(bytes, 8, { token, isAnswer })
    return bytes
  },
  decode: (bytes) => readNote(bytes, 8),
}

const INIT = 1
const INIT_ACK = 2
const sctp: Codec = {
  encode({ token, isAnswer, ...ports }) {
    const bytes = withPorts(32, ports)
    if (isAnswer) bytes.writeUInt32BE(token, 4) // verification tag: that of the INIT
    bytes[12] = isAnswer ? INIT_ACK : INIT
    bytes.writeUInt16BE(20, 14) // length of the chunk
    bytes.writeUInt32BE(token, 16) // initiate tag
    bytes.writeUInt32BE(65535, 20) // window
    bytes.writeUInt32BE(0x00010001, 24) // one stream each way
    bytes.writeUInt32BE(token, 28) // initial TSN
    bytes.writeUInt32LE(crc32c(bytes), 8)
    return bytes
  },
  decode(bytes) {
    if (bytes[12] === INIT) return { token: bytes.readUInt32BE(16), isAnswer: false }
    if (bytes[12] === INIT_ACK) return { token: bytes.readUInt32BE(4), isAnswer: true }
    return undefined
  },
}

const ICMP_ECHO = [8, 0] as const
const ICMP6_ECHO = [128, 129] as const
const icmp: Codec = {
  checksumAt: 2,
  encode({ token, isAnswer, sourcePort }, ipv6) {
    const bytes = Buffer.alloc(18)
    bytes[0] = (ipv6 ? ICMP6_ECHO : ICMP_ECHO)[isAnswer ? 1 : 0]
    bytes.writeUInt16BE(sourcePort, 4)
    writeNote(bytes, 8, { token, isAnswer })
    return bytes
  },
  decode(bytes) {
    const note = readNote(bytes, 8)
    return note && { ...note, isAnswer: bytes[0] === ICMP_ECHO[1] || bytes[0] === ICMP6_ECHO[1] } // a kernel answers with the note as it came
  },
}

export const CODECS: Readonly<Record<ProbeProtocol, Codec>> = { TCP: tcp, UDP: udp, SCTP: sctp, ICMP: icmp }

function withPorts(length: number, { sourcePort, destinationPort }: Pick<Segment, 'sourcePort' | 'destinationPort'>): Buffer {
  const bytes = Buffer.alloc(length)
  bytes.writeUInt16BE(sourcePort, 0)
  bytes.writeUInt16BE(destinationPort, 2)
  return bytes
}

/** The payload of protocols whose header has no room for a token: magic, direction, token. */
const MAGIC = 0x7667 // "vg"

function writeNote(bytes: Buffer, offset: number, { token, isAnswer }: Pick<Segment, 'token' | 'isAnswer'>): void {
  bytes.writeUInt16BE(MAGIC, offset)
  bytes.writeUInt32BE(isAnswer ? 1 : 0, offset + 2)
  bytes.writeUInt32BE(token, offset + 6)
}

function readNote(bytes: Buffer, offset: number): { token: number; isAnswer: boolean } | undefined {
  if (bytes.length < offset + 10 || bytes.readUInt16BE(offset) !== MAGIC) return undefined
  return { token: bytes.readUInt32BE(offset + 6), isAnswer: bytes.readUInt32BE(offset + 2) === 1 }
}
