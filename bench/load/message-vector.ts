// Prepared messages for sendmmsg(2), in memory that stays where it is, so that one call sends them all.
import { constants } from 'node:os'
import koffi from 'koffi'
import { SystemCallError } from '../../src/base/errors.ts'
import { sendmmsg } from './native.ts'

// struct mmsghdr and struct iovec on 64-bit machines (bits/socket.h)
const HEADER_BYTES = 64
const IOVEC_AT = 16
const IOVEC_COUNT_AT = 24
const IOVEC_BYTES = 16

const { ECONNREFUSED, EPERM } = constants.errno

export class MessageVector {
  /** The messages, for the caller to write. */
  readonly messages: readonly Buffer[]
  private readonly memory: unknown
  private readonly headers: bigint

  constructor(count: number, messageBytes: number) {
    const total = count * (HEADER_BYTES + IOVEC_BYTES + messageBytes)
    this.memory = koffi.alloc('uint8', total)
    this.headers = koffi.address(this.memory)
    const bytes = Buffer.from(koffi.view(this.memory, total))
    const iovecsAt = count * HEADER_BYTES
    const messagesAt = iovecsAt + count * IOVEC_BYTES
    bytes.fill(0)
    this.messages = Array.from({ length: count }, (_, index) => {
      const iovecAt = iovecsAt + index * IOVEC_BYTES
      const messageAt = messagesAt + index * messageBytes
      bytes.writeBigUInt64LE(this.headers + BigInt(iovecAt), index * HEADER_BYTES + IOVEC_AT)
      bytes.writeBigUInt64LE(1n, index * HEADER_BYTES + IOVEC_COUNT_AT)
      bytes.writeBigUInt64LE(this.headers + BigInt(messageAt), iovecAt)
      bytes.writeBigUInt64LE(BigInt(messageBytes), iovecAt + 8)
      return bytes.subarray(messageAt, messageAt + messageBytes)
    })
  }

  /** Sends the first `count` messages; one that a firewall or an ICMP error took counts as sent. @returns how many */
  send(fd: number, count = this.messages.length): number {
    const sent = sendmmsg(fd, this.headers, count)
    if (sent >= 0) return sent
    if (sent === -EPERM || sent === -ECONNREFUSED) return 1
    throw new SystemCallError('sendmmsg', -sent)
  }

  close(): void {
    koffi.free(this.memory)
  }
}
