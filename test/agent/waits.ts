// Waits between tries, as a test ends them: so it does not depend on time how often something is tried.
import type { Sleep } from '../../src/base/sleep.ts'

export class Waits {
  /** How long each was to be, in ms. */
  readonly asked: number[] = []
  readonly #ends: (() => void)[] = []

  readonly sleep: Sleep = (ms, signal) => new Promise((resolve) => {
    this.asked.push(ms)
    const end = (): void => {
      this.#ends.splice(this.#ends.indexOf(end), 1)
      resolve()
    }
    this.#ends.push(end)
    if (signal.aborted) end()
    else signal.addEventListener('abort', end, { once: true })
  })

  /** How many have not ended. */
  get pending(): number {
    return this.#ends.length
  }

  /** The time of the oldest is over. */
  pass(): void {
    this.#ends[0]?.()
  }
}
