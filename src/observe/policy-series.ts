// Which policies have series of their own, where their number is limited: a series that comes and goes would be worse than none.
import type { PolicyKey } from '../cluster/objects.ts'

export class PolicySeries {
  readonly #limit: number
  #admitted = new Set<PolicyKey>()
  #omitted = 0

  /** @param limit at most so many policies; 0: none, Infinity: all */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** Policies that are there and have no series. */
  get omitted(): number {
    return this.#omitted
  }

  has(policy: PolicyKey): boolean {
    return this.#admitted.has(policy)
  }

  /** These policies are there now: who has series keeps them, and others get them, in the order given, while there is room. */
  update(policies: Iterable<PolicyKey>): void {
    const present = new Set(policies)
    this.#admitted = new Set([...this.#admitted].filter((policy) => present.has(policy)))
    for (const policy of present) {
      if (this.#admitted.size >= this.#limit) break
      this.#admitted.add(policy)
    }
    this.#omitted = present.size - this.#admitted.size
  }
}
