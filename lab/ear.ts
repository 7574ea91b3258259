// A raw socket that hears what a namespace's own IP stack takes for itself: packets that have passed the hook input.
import { closeSync } from 'node:fs'
import type { Family } from '../src/cluster/address.ts'
import { MSG_DONTWAIT, recv, SOCK_RAW, socket } from '../src/netlink/libc.ts'
import { inNamespace } from './namespace.ts'

const DOMAIN: Readonly<Record<Family, number>> = { 4: 2, 6: 10 } // AF_INET, AF_INET6
const LONGEST_PACKET = 2048

export class Ear {
  private readonly fd: number
  private readonly into = Buffer.alloc(LONGEST_PACKET)

  /** @param protocol IP protocol, behind IPv6 extension headers if there are any */
  constructor(namespace: string, family: Family, protocol: number) {
    this.fd = inNamespace(namespace, () => socket(DOMAIN[family], SOCK_RAW, protocol))
  }

  /** The next packet that waits, if any; of IPv6 without its headers. Good until the next call. */
  receive(): Buffer | undefined {
    const length = recv(this.fd, this.into, MSG_DONTWAIT)
    return length === undefined ? undefined : this.into.subarray(0, length)
  }

  close(): void {
    closeSync(this.fd)
  }
}
