// Opens netlink sockets, here or in another network namespace.
import { closeSync, openSync } from 'node:fs'
import { hasErrno } from '../base/errors.ts'
import { AF_NETLINK, bind, setns, setsockopt, SOCK_RAW, socket, SOL_SOCKET } from './libc.ts'

const SOCKADDR_NL_BYTES = 12
const SO_RCVBUFFORCE = 33
export const SOL_NETLINK = 270
/** Room for one datagram: the kernel fills at most 32 KiB, if it sees that the reader takes that much. */
export const DATAGRAM_BYTES = 64 << 10

/**
 * Opens a netlink socket; the kernel chooses its port id.
 * @param protocol NETLINK_*
 * @param namespace path of a network namespace (/run/netns/NAME; needs SYS_ADMIN); undefined: the process's own
 * @param groups mask of the multicast groups to hear
 */
export function openNetlinkSocket(protocol: number, namespace?: string, groups = 0): number {
  const open = (): number => socket(AF_NETLINK, SOCK_RAW, protocol)
  const fd = namespace === undefined ? open() : inside(namespace, open)
  const address = Buffer.alloc(SOCKADDR_NL_BYTES)
  address.writeUInt16LE(AF_NETLINK, 0)
  address.writeUInt32LE(groups, 8)
  try {
    bind(fd, address)
  } catch (error) {
    closeSync(fd)
    throw error
  }
  return fd
}

/** Without CAP_NET_ADMIN in the first user namespace the buffer stays as net.core.rmem_default says. */
export function setReceiveBuffer(fd: number, bytes: number): void {
  try {
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, bytes)
  } catch (error) {
    if (!hasErrno(error, 'EPERM')) throw error
  }
}

/** A socket stays in the namespace it was made in; the thread comes back at once, without anything else having run. */
function inside(namespace: string, open: () => number): number {
  const home = openSync('/proc/thread-self/ns/net', 'r')
  try {
    const away = openSync(namespace, 'r')
    try {
      setns(away)
      return open()
    } finally {
      setns(home)
      closeSync(away)
    }
  } finally {
    closeSync(home)
  }
}
