// UDP load, run inside a pod's namespace; prints {"nsPerPacket":...}. The time is that of the whole way, since a veth hands a
// packet on before the sender's call returns. Packets go in batches of 64, the last one full too.
//   node bench/load/udp.ts --to 10.244.0.11 --port 9000 --packets 500000 --source-port 9001   one flow
//   node bench/load/udp.ts --to 10.244.0.11 --port 9000 --packets 50000 --new-flows           every packet the first of its own
import { closeSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { Address } from '../../src/cluster/address.ts'
import { bind, SOCK_RAW, socket } from '../../src/netlink/libc.ts'
import { literalAddress } from '../../lab/host.ts'
import { medianNs } from './median.ts'
import { MessageVector } from './message-vector.ts'
import { AF_INET, connect, openSocket, SOCK_DGRAM, socketAddress } from './native.ts'

const BATCH = 64
const PAYLOAD_BYTES = 18
const FIRST_SOURCE_PORT = 1024
const SOURCE_PORTS = 64_000 // a multiple of the batch
const ANY = literalAddress('0.0.0.0')

/** Packets of one connected socket; IPv4 only. */
function measureOneFlow(to: Address, port: number, packets: number): number {
  const fd = openSocket(to, SOCK_DGRAM)
  bind(fd, socketAddress(ANY, Number(values['source-port'])))
  connect(fd, socketAddress(to, port))
  const vector = new MessageVector(BATCH, PAYLOAD_BYTES)
  return timed(packets, fd, vector, () => undefined)
}

/** Packets of a raw socket, each with another source port; IPv4 only (the kernel fills in the rest of an IPv4 header). */
function measureNewFlows(to: Address, port: number, packets: number): number {
  if (packets > SOURCE_PORTS) throw new Error(`only ${SOURCE_PORTS} flows are new; flush conntrack and run again`)
  const IPPROTO_RAW = 255
  const fd = socket(AF_INET, SOCK_RAW, IPPROTO_RAW)
  connect(fd, socketAddress(to, 0))
  const vector = new MessageVector(BATCH, 28 + PAYLOAD_BYTES)
  for (const message of vector.messages) writeUdpPacket(message, to, port)
  let sourcePort = FIRST_SOURCE_PORT
  return timed(packets, fd, vector, () => {
    for (const message of vector.messages) message.writeUInt16BE(sourcePort++ & 0xffff, 20)
  })
}

/** An IPv4 packet as IP_HDRINCL takes it: source, length and checksum are the kernel's to fill; UDP has no checksum. */
function writeUdpPacket(packet: Buffer, to: Address, port: number): void {
  packet[0] = 0x45
  packet[8] = 64 // TTL
  packet[9] = 17 // UDP
  packet.write(to, 16, 'latin1')
  packet.writeUInt16BE(port, 22)
  packet.writeUInt16BE(packet.length - 20, 24)
}

/** @returns nanoseconds for a packet */
function timed(packets: number, fd: number, vector: MessageVector, prepare: () => void): number {
  const nsPerBatch = medianNs(Math.ceil(packets / BATCH), () => {
    prepare()
    for (let sent = 0; sent < BATCH;) sent += vector.send(fd, BATCH - sent)
  })
  vector.close()
  closeSync(fd)
  return nsPerBatch / BATCH
}

const { values } = parseArgs({
  options: {
    to: { type: 'string' },
    port: { type: 'string' },
    packets: { type: 'string' },
    'source-port': { type: 'string', default: '0' },
    'new-flows': { type: 'boolean', default: false },
  },
})
const measure = values['new-flows'] ? measureNewFlows : measureOneFlow
const nsPerPacket = measure(literalAddress(values.to ?? ''), Number(values.port), Number(values.packets))
console.log(JSON.stringify({ nsPerPacket: Math.round(nsPerPacket) }))
