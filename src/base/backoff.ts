// How long to wait before the next try: longer with each failure, and never the same on two nodes.

const FIRST_MS = 50
/** Waits stay this short at first: a restart of the API server must not cost more than a second. */
const PATIENT_MS = 800
const PATIENT_FAILURES = 80
/** When it has failed for about a minute, the server is spared. */
const LONGEST_MS = 10_000
/** A server that asks for longer than this is asked again all the same. */
const LONGEST_RETRY_AFTER_MS = 60_000

export class Backoff {
  readonly #random: () => number
  #failures = 0

  /** @param random uniform in [0, 1) */
  constructor(random: () => number) {
    this.#random = random
  }

  /** Failures since the last success. */
  get failures(): number {
    return this.#failures
  }

  reset(): void {
    this.#failures = 0
  }

  /** The wait after one more failure, in ms. At least what the server asks for, and then spread, since it asks everybody. */
  next(retryAfterMs = 0): number {
    const limit = this.#failures < PATIENT_FAILURES ? PATIENT_MS : LONGEST_MS
    const doubled = Math.min(FIRST_MS * 2 ** Math.min(this.#failures, 20), limit)
    this.#failures++
    return Math.min(retryAfterMs, LONGEST_RETRY_AFTER_MS) + doubled * (0.5 + this.#random() / 2)
  }
}
