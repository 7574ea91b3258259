// How long to wait before the next request to an API server that failed: short for a minute, then longer, and different on every node.
import { Backoff } from '../base/backoff.ts'

/** Waits are at most this long at first: a restart of the API server must not cost more than a second. */
const PATIENT_MS = 800
/** About a minute. */
const PATIENT_FAILURES = 80
/** The wait that a server asks for is kept up to this. */
const LONGEST_RETRY_AFTER_MS = 60_000

export class ServerBackoff {
  readonly #random: () => number
  readonly #waits = new Backoff({ firstMs: 50, longestMs: 10_000 })

  /** @param random uniform in [0, 1) */
  constructor(random: () => number) {
    this.#random = random
  }

  /** Failures since the last success. */
  get failures(): number {
    return this.#waits.failures
  }

  reset(): void {
    this.#waits.reset()
  }

  /**
   * Counts one more failure.
   * @param retryAfterMs what the server asks for; it asks all nodes, so the wait is spread beyond that
   * @returns the wait after it, in ms
   */
  next(retryAfterMs = 0): number {
    const limitMs = this.#waits.failures < PATIENT_FAILURES ? PATIENT_MS : Infinity
    const waitMs = Math.min(this.#waits.next(), limitMs)
    return Math.min(retryAfterMs, LONGEST_RETRY_AFTER_MS) + waitMs * (0.5 + this.#random() / 2)
  }
}
