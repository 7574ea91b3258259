// Pages of the program and its libraries. More than half of them are used only while it starts, and would stay in memory until the
// kernel needs it for something else.
import { readFileSync } from 'node:fs'
import { dropPages } from '../netlink/libc.ts'

/** proc(5), /proc/PID/smaps: the first line of a mapping of a file (no device) that nobody may write to. */
const FILE = /^([0-9a-f]+)-([0-9a-f]+) r-[x-]p \S+ \S+ \d+ +\/(?!dev\/)/
const MAPPING = /^[0-9a-f]+-/
/** Pages that are not the file's any more, such as those that the loader has filled in: they would be lost. */
const OWN_PAGES = /^Anonymous: +(\d+) kB$/

/**
 * Takes them all out of this process. One that is used again comes back from the kernel's cache of files.
 * @throws SystemCallError; errors of node:fs, where the kernel does not tell what is mapped (CONFIG_PROC_PAGE_MONITOR)
 */
export function dropProgramPages(): void {
  let file: RegExpExecArray | null = null
  for (const line of readFileSync('/proc/self/smaps', 'utf8').split('\n')) {
    if (MAPPING.test(line)) file = FILE.exec(line)
    else if (file !== null && OWN_PAGES.exec(line)?.[1] === '0') dropPages(BigInt(`0x${file[1]}`), BigInt(`0x${file[2]}`))
  }
}
