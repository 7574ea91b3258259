// Which policies have series, if their number is limited: a series that comes and goes would be worse than none.
import type { PolicyKey } from '../cluster/objects.ts'

export class PolicySeries {
  readonly #limit: number
  #admitted = new Set<PolicyKey>()
  #omitted = 0

  /** @param limit at most so many policies; 0: none, Infinity: all */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** Policies that exist and have no series. */
  get omitted(): number {
    return this.#omitted
  }

  has(policy: PolicyKey): boolean {
    return this.#admitted.has(policy)
  }

  /** Admits policies in the order given, while there is room; those that have series keep them until they are deleted. */
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
