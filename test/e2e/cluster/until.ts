// Waiting for something outside to come about.
import { setTimeout as sleep } from 'node:timers/promises'

const PAUSE_MS = 50

/**
 * Asks again and again until the answer is neither undefined nor false.
 * @param what ends the sentence "no ... within 10 s"
 * @param ask may fail; the last failure is the cause of the error
 * @param assertHope throws when there is no use in waiting any longer
 * @throws Error after `timeoutMs`, and what `assertHope` throws
 */
export async function until<T>(
  what: string, timeoutMs: number, ask: () => Promise<T | undefined | false>, assertHope: () => void = () => undefined,
): Promise<T> {
  const deadline = performance.now() + timeoutMs
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
  throw new Error(`no ${what} within ${timeoutMs / 1000} s`, { cause })
}
