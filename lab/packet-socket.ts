// A raw Ethernet socket on one link of one namespace: sees every frame that comes in, before any hook of netfilter.
import { closeSync } from 'node:fs'
import { AF_PACKET, bind, MSG_DONTWAIT, recv, send, setsockopt, SOCK_RAW, socket, SOL_SOCKET } from '../src/netlink/libc.ts'
import { inNamespace } from './namespace.ts'
import { linkIndex } from './native.ts'

const SOL_PACKET = 263
const PACKET_IGNORE_OUTGOING = 23
const SO_RCVBUFFORCE = 33
/** Room for some 6,000 small frames (the kernel counts about 1.3 kB each). */
const RECEIVE_BUFFER_BYTES = 8 << 20
const LONGEST_FRAME = 2048

export const ETH_P_ALL = 3

export class PacketSocket {
  private readonly fd: number
  private readonly into = Buffer.alloc(LONGEST_FRAME)

  /** @param ethernetType which frames it receives; ETH_P_ALL for all */
  constructor(namespace: string, link: string, ethernetType = ETH_P_ALL) {
    this.fd = inNamespace(namespace, () => {
      const fd = socket(AF_PACKET, SOCK_RAW, 0)
      setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER_BYTES)
      setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
      const address = Buffer.alloc(20) // sockaddr_ll of linux/if_packet.h
      address.writeUInt16LE(AF_PACKET, 0)
      address.writeUInt16BE(ethernetType, 2)
      address.writeInt32LE(linkIndex(link), 4)
      bind(fd, address)
      return fd
    })
  }

  send(frame: Buffer): void {
    send(this.fd, frame)
  }

  /** The next frame that waits, if any; good until the next call. */
  receive(): Buffer | undefined {
    const length = recv(this.fd, this.into, MSG_DONTWAIT)
    return length === undefined ? undefined : this.into.subarray(0, length)
  }

  close(): void {
    closeSync(this.fd)
  }
}
