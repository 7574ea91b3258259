// Waits between tries: each twice as long as the one before, up to a longest.

export interface BackoffOptions {
  readonly firstMs: number
  readonly longestMs: number
}

export class Backoff {
  readonly #options: BackoffOptions
  #failures = 0

  constructor(options: BackoffOptions) {
    this.#options = options
  }

  /** Failures since the last success. */
  get failures(): number {
    return this.#failures
  }

  /** A try succeeded: the next wait is the first again. */
  reset(): void {
    this.#failures = 0
  }

  /** Counts one more failure. @returns the wait after it, in ms */
  next(): number {
    const { firstMs, longestMs } = this.#options
    return Math.min(firstMs * 2 ** this.#failures++, longestMs)
  }
}
