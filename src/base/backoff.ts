// How long to wait before the next try: longer with each failure, and never the same on two nodes.

/** How waits grow: they double from the first one on. */
export interface Pace {
  readonly firstMs: number
  /** The longest wait after so many failures. */
  readonly limitMs: (failures: number) => number
}

/** Waits stay this short at first: a restart of the API server must not cost more than a second. */
const PATIENT_MS = 800
const PATIENT_FAILURES = 80
/** When it has failed for about a minute, the server is spared. */
const LONGEST_MS = 10_000
const OF_CONNECTIONS: Pace = { firstMs: 50, limitMs: (failures) => (failures < PATIENT_FAILURES ? PATIENT_MS : LONGEST_MS) }
/** A server that asks for longer than this is asked again all the same. */
const LONGEST_RETRY_AFTER_MS = 60_000

export class Backoff {
  readonly #random: () => number
  readonly #pace: Pace
  #failures = 0

  /** @param random uniform in [0, 1) */
  constructor(random: () => number, pace = OF_CONNECTIONS) {
    this.#random = random
    this.#pace = pace
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
    const { firstMs, limitMs } = this.#pace
    const doubled = Math.min(firstMs * 2 ** Math.min(this.#failures, 20), limitMs(this.#failures))
    this.#failures++
    return Math.min(retryAfterMs, LONGEST_RETRY_AFTER_MS) + doubled * (0.5 + this.#random() / 2)
  }
}
