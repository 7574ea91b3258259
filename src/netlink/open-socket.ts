// Opens netlink sockets, here or in another network namespace.
import { closeSync, openSync } from 'node:fs'
import { AF_NETLINK, bind, setns, SOCK_RAW, socket } from './libc.ts'

const SOCKADDR_NL_BYTES = 12

/**
 * Opens a netlink socket; the kernel chooses its port id.
 * @param protocol NETLINK_*
 * @param namespace path of a network namespace (/run/netns/NAME; needs SYS_ADMIN); undefined: the process's own
 */
export function openNetlinkSocket(protocol: number, namespace?: string): number {
  const open = (): number => socket(AF_NETLINK, SOCK_RAW, protocol)
  const fd = namespace === undefined ? open() : inside(namespace, open)
  const address = Buffer.alloc(SOCKADDR_NL_BYTES)
  address.writeUInt16LE(AF_NETLINK, 0)
  try {
    bind(fd, address)
  } catch (error) {
    closeSync(fd)
    throw error
  }
  return fd
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
