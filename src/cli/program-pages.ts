// Pages of the program and its libraries. More than half of them are used only while it starts, and would stay in memory until the
// kernel needs it for something else.
import { readFileSync } from 'node:fs'
import { dropPages } from '../netlink/libc.ts'

/** Addresses of memory, the end not included. */
export interface Mapping {
  readonly start: bigint
  readonly end: bigint
}

/** proc(5), /proc/PID/smaps: the first line of each mapping. */
const FIRST_LINE = /^(?=[0-9a-f]+-[0-9a-f]+ )/m
/** Of a file (no device) that nobody may write to. */
const READ_ONLY_FILE = /^([0-9a-f]+)-([0-9a-f]+) r-[x-]p \S+ \S+ \d+ +\/(?!dev\/)/
/** Not so where the loader has filled in addresses: these pages, in memory or swapped out, are the file's no more and would be lost. */
const ONLY_FROM_FILE = [/^Anonymous: +0 kB$/m, /^Swap: +0 kB$/m]

/**
 * Takes them all out of this process. One that is used again comes back from the kernel's cache of files.
 * @throws SystemCallError; errors of node:fs, where the kernel does not tell what is mapped (CONFIG_PROC_PAGE_MONITOR)
 */
export function dropProgramPages(): void {
  for (const { start, end } of droppable(readFileSync('/proc/self/smaps', 'utf8'))) dropPages(start, end)
}

/** Whatever can be read from a file again. @param smaps content of /proc/PID/smaps */
export function droppable(smaps: string): Mapping[] {
  return smaps.split(FIRST_LINE).flatMap((mapping) => {
    const [, start, end] = READ_ONLY_FILE.exec(mapping) ?? []
    return start === undefined || !ONLY_FROM_FILE.every((line) => line.test(mapping)) ? [] : [{ start: BigInt(`0x${start}`), end: BigInt(`0x${end}`) }]
  })
}
