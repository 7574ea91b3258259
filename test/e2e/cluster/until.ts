// Waiting for something outside to come about: programs of others take their time, some of them by the minute.
import { setTimeout as sleep } from 'node:timers/promises'
import { PATIENCE_MS } from '../../../lab/patience.ts'

const PAUSE_MS = 50
const LONGEST_MS = 3 * PATIENCE_MS

/**
 * Asks again and again until the answer is neither undefined nor false.
 * @param what ends the sentence "no ... within 180 s"
 * @param ask may fail; the last failure is the cause of the error
 * @param assertHope throws when there is no use in waiting any longer
 * @throws Error if it does not come about, and what `assertHope` throws
 */
export async function until<T>(what: string, ask: () => Promise<T | undefined | false>, assertHope: () => void = () => undefined): Promise<T> {
  const deadline = performance.now() + LONGEST_MS
  let cause: unknown
  while (performance.now() < deadline) {
    assertHope()
    try {
      const answer = await ask()
      if (answer !== undefined && answer !== false) return answer
    } catch (error) {
      cause = error
    }
    await sleep(PAUSE_MS)
  }
  throw new Error(`no ${what} within ${LONGEST_MS / 1000} s`, { cause })
}
