// When to search for missing veths. Each search asks the kernel about every veth, and some pods (macvlan, a device of the host)
// never have one.
import { Backoff } from '../base/backoff.ts'

/** At once after a change, then less and less often. Times are those of performance.now(). */
export class SearchTimes {
  readonly #waits = new Backoff({ firstMs: 500, longestMs: 30_000 })
  #nextAtMs = 0

  /** Pods or veths have changed: a missing veth may have appeared. */
  startOver(): void {
    this.#nextAtMs = 0
    this.#waits.reset()
  }

  /** Whether to search now; if so, the next search is due later. */
  isDue(nowMs: number): boolean {
    if (nowMs < this.#nextAtMs) return false
    this.#nextAtMs = nowMs + this.#waits.next()
    return true
  }
}
