// The few libc calls that Node has no way to make. Loaded once; thin, typed and checked.
import { constants, endianness } from 'node:os'
import koffi from 'koffi'
import { SystemCallError, VethguardError } from '../base/errors.ts'

if (endianness() !== 'LE') throw new VethguardError('NODE_UNFIT', 'vethguard supports little-endian machines only (amd64, arm64)')

const libc = koffi.load('libc.so.6')
type Native = (...args: unknown[]) => number

const c = {
  socket: libc.func('int socket(int, int, int)') as Native,
  bind: libc.func('int bind(int, const void*, uint32)') as Native,
  getsockname: libc.func('int getsockname(int, _Out_ void*, _Inout_ uint32*)') as Native,
  setsockopt: libc.func('int setsockopt(int, int, int, const void*, uint32)') as Native,
  send: libc.func('int64 send(int, const void*, uint64, int)'),
  sendto: libc.func('int64 sendto(int, const void*, uint64, int, const void*, uint32)') as Native,
  recv: libc.func('int64 recv(int, _Out_ void*, uint64, int)') as Native,
  memfd_create: libc.func('int memfd_create(const char*, uint)') as Native,
  setns: libc.func('int setns(int, int)') as Native,
  malloc_trim: libc.func('int malloc_trim(size_t)') as Native,
  madvise: libc.func('int madvise(uint64, size_t, int)') as Native,
}

export const AF_NETLINK = 16
export const AF_PACKET = 17
export const SOCK_RAW = 3
export const SOCK_CLOEXEC = 0o2000000
export const SOL_SOCKET = 1
export const MSG_DONTWAIT = 0x40
const MFD_CLOEXEC = 1
const CLONE_NEWNET = 0x40000000
const MADV_DONTNEED = 4
const { EAGAIN, EINTR } = constants.errno

function checked(call: string, result: number): number {
  if (result < 0) throw new SystemCallError(call, koffi.errno())
  return result
}

export function socket(domain: number, type: number, protocol: number): number {
  return checked('socket', c.socket(domain, type | SOCK_CLOEXEC, protocol))
}

export function bind(fd: number, address: Buffer): void {
  checked('bind', c.bind(fd, address, address.length))
}

/** The address the kernel gave a bound socket, as sockaddr bytes. */
export function getsockname(fd: number): Buffer {
  const address = Buffer.alloc(128)
  const length = [address.length]
  checked('getsockname', c.getsockname(fd, address, length))
  return address.subarray(0, length[0])
}

export function setsockopt(fd: number, level: number, option: number, value: number | Buffer): void {
  const bytes = typeof value === 'number' ? Buffer.from(new Int32Array([value]).buffer) : value
  checked('setsockopt', c.setsockopt(fd, level, option, bytes, bytes.length))
}

/** One send(2) on this thread. @returns bytes sent */
export function send(fd: number, bytes: Buffer, flags = 0): number {
  return checked('send', (c.send as unknown as Native)(fd, bytes, bytes.length, flags))
}

/** One send(2) on a thread of libuv's pool, so that the event loop goes on. @returns bytes sent */
export function sendInBackground(fd: number, bytes: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    c.send.async(fd, bytes, bytes.length, 0, (error: Error | null, sent: number) => {
      if (error !== null) reject(error)
      else if (sent < 0) reject(new SystemCallError('send', koffi.errno()))
      else resolve(sent)
    })
  })
}

export function sendto(fd: number, bytes: Buffer, address: Buffer): number {
  return checked('sendto', c.sendto(fd, bytes, bytes.length, 0, address, address.length))
}

/** One recv(2). @returns bytes received, or undefined where nothing is there (MSG_DONTWAIT, SO_RCVTIMEO) or a signal came */
export function recv(fd: number, into: Buffer, flags = 0): number | undefined {
  const received = c.recv(fd, into, into.length, flags)
  if (received >= 0) return received
  const errno = koffi.errno()
  if (errno === EAGAIN || errno === EINTR) return undefined
  throw new SystemCallError('recv', errno)
}

/** An empty file that lives in memory as long as somebody has it open. @param name for /proc only */
export function memoryFile(name: string): number {
  return checked('memfd_create', c.memfd_create(name, MFD_CLOEXEC))
}

/** Moves the calling thread into the network namespace behind an open descriptor. */
export function setns(namespaceFd: number): void {
  checked('setns', c.setns(namespaceFd, CLONE_NEWNET))
}

/** Gives the kernel back what malloc holds and nobody uses. glibc does so by itself only where the last part of its heap is free. */
export function giveBackFreeMemory(): void {
  c.malloc_trim(0)
}

/** Drops the pages between two addresses from memory: those of a file are read from it again when they are used, others are empty then. */
export function dropPages(start: bigint, end: bigint): void {
  checked('madvise', c.madvise(start, end - start, MADV_DONTNEED))
}
