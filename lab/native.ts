// libc calls that only the lab and the load generators need; see src/netlink/libc.ts for the others.
import koffi from 'koffi'
import { SystemCallError } from '../src/base/errors.ts'

const libc = koffi.load('libc.so.6')
type Native = (...args: unknown[]) => number

const c = {
  if_nametoindex: libc.func('uint32 if_nametoindex(const char*)') as Native,
  sched_getcpu: libc.func('int sched_getcpu()') as Native,
  sched_getaffinity: libc.func('int sched_getaffinity(int, uint64, _Out_ void*)') as Native,
  sched_setaffinity: libc.func('int sched_setaffinity(int, uint64, const void*)') as Native,
  dup2: libc.func('int dup2(int, int)') as Native,
}

function checked(call: string, result: number): number {
  if (result < 0) throw new SystemCallError(call, koffi.errno())
  return result
}

/** Index of a link of the namespace the thread is in. */
export function linkIndex(name: string): number {
  const index = c.if_nametoindex(name)
  if (index === 0) throw new SystemCallError(`if_nametoindex ${name}`, koffi.errno())
  return index
}

/** Makes a descriptor another name of an open file, whatever it was before. */
export function replaceDescriptor(fd: number, by: number): void {
  checked('dup2', c.dup2(by, fd))
}

/** Runs a synchronous function with this thread held on the CPU that it is on. */
export function onOneCpu<T>(fn: () => T): T {
  const before = Buffer.alloc(128) // cpu_set_t
  checked('sched_getaffinity', c.sched_getaffinity(0, before.length, before))
  const cpu = checked('sched_getcpu', c.sched_getcpu())
  const only = Buffer.alloc(128)
  only[cpu >> 3] = 1 << (cpu & 7)
  checked('sched_setaffinity', c.sched_setaffinity(0, only.length, only))
  try {
    return fn()
  } finally {
    checked('sched_setaffinity', c.sched_setaffinity(0, before.length, before))
  }
}
