// Blocking socket calls for the load generators: no event loop, no libuv, little more than the call itself (about 0.3 µs).
import koffi from 'koffi'
import { addressBytes, familyOf, type Address } from '../../src/cluster/address.ts'
import { SystemCallError } from '../../src/base/errors.ts'
import { SOL_SOCKET, setsockopt, socket } from '../../src/netlink/libc.ts'

const libc = koffi.load('libc.so.6')
type Native = (...args: unknown[]) => number

const c = {
  accept: libc.func('int accept(int, void*, void*)') as Native,
  close: libc.func('int close(int)') as Native,
  connect: libc.func('int connect(int, const void*, uint32)') as Native,
  listen: libc.func('int listen(int, int)') as Native,
  sendmmsg: libc.func('int sendmmsg(int, void*, uint32, int)') as Native,
}

export const AF_INET = 2
export const AF_INET6 = 10
export const SOCK_STREAM = 1
export const SOCK_DGRAM = 2
export const SO_REUSEADDR = 2
export const SO_RCVBUF = 8
const SO_LINGER = 13
const IPPROTO_TCP = 6
const TCP_NODELAY = 1

function checked(call: string, result: number): number {
  if (result < 0) throw new SystemCallError(call, koffi.errno())
  return result
}

export function accept(fd: number): number {
  return checked('accept', c.accept(fd, null, null))
}

export function close(fd: number): void {
  c.close(fd)
}

export function connect(fd: number, address: Buffer): void {
  checked('connect', c.connect(fd, address, address.length))
}

export function listen(fd: number, backlog: number): void {
  checked('listen', c.listen(fd, backlog))
}

/** @param headers `count` struct mmsghdr, see MessageVector @returns how many were sent, or minus errno */
export function sendmmsg(fd: number, headers: bigint, count: number): number {
  const sent = c.sendmmsg(fd, headers, count, 0)
  return sent < 0 ? -koffi.errno() : sent
}

export function openSocket(address: Address, type: number): number {
  return socket(familyOf(address) === 4 ? AF_INET : AF_INET6, type, 0)
}

/** struct sockaddr_in or sockaddr_in6. */
export function socketAddress(address: Address, port: number): Buffer {
  const family = familyOf(address)
  const bytes = Buffer.alloc(family === 4 ? 16 : 28)
  bytes.writeUInt16LE(family === 4 ? AF_INET : AF_INET6, 0)
  bytes.writeUInt16BE(port, 2)
  bytes.set(addressBytes(address), family === 4 ? 4 : 8)
  return bytes
}

/** Closing the socket sends a reset: the connection leaves no TIME_WAIT behind. */
export function resetOnClose(fd: number): void {
  setsockopt(fd, SOL_SOCKET, SO_LINGER, LINGER_ON_FOR_0)
}
const LINGER_ON_FOR_0 = Buffer.from(new Int32Array([1, 0]).buffer)

export function withoutDelay(fd: number): void {
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, 1)
}
