// How memory is kept small: by the pages of the program that only its start uses, and, once all has been read, by what the reading left
// behind. Little is allocated from then on.
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import type { Logger } from 'pino'
import { giveBackFreeMemory } from '../netlink/libc.ts'
import { dropProgramPages } from './program-pages.ts'

/** Heaps of less, in bytes, are left to V8 as they are: Node warns of changing its flags at run time, and there is little to gain. */
const LARGE_HEAP = 64 << 20
/** V8 looks every 8 s whether it is to pack its heap, and does so twice. */
const PACKING_MS = 20_000

/** What has been used of the program so far, and most of it for the last time, does not stay. Takes some ms, in a turn of its own. */
export function giveBackProgram(log: Logger): void {
  setImmediate(() => {
    try {
      dropProgramPages()
    } catch (err) {
      log.debug({ err }, 'pages that only the start has used stay in memory')
    }
  })
}

/**
 * Packs a large heap once, in steps, some seconds from now: in a cluster of 150,000 pods a third of it is left over from reading. From
 * then on less is to gather before a collection (bin/vethguard has what holds until then).
 */
export function packHeap(log: Logger): void {
  if (getHeapStatistics().used_heap_size < LARGE_HEAP) return
  setFlagsFromString('--heap-growing-percent=5')
  setFlagsFromString('--optimize-for-size')
  setTimeout(() => {
    setFlagsFromString('--no-optimize-for-size') // packing takes longer pauses than other collections
    giveBackFreeMemory()
    giveBackProgram(log)
  }, PACKING_MS).unref()
}
