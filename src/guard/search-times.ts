// When to look for veths that are missing: each look asks the kernel about every veth, and some pods (macvlan, a device of the host)
// never have one.

const FIRST_MS = 500
const LONGEST_MS = 30_000

/** At once after a change, then less and less often. Times are those of performance.now(). */
export class SearchTimes {
  #nextAtMs = 0
  #waitMs = FIRST_MS

  /** Pods or veths have changed: what was missing may be there. */
  startOver(): void {
    this.#nextAtMs = 0
    this.#waitMs = FIRST_MS
  }

  /** Whether to look now; then the next time is later. */
  isDue(nowMs: number): boolean {
    if (nowMs < this.#nextAtMs) return false
    this.#nextAtMs = nowMs + this.#waitMs
    this.#waitMs = Math.min(this.#waitMs * 2, LONGEST_MS)
    return true
  }
}
