// What is found again and again becomes believed, and what is found no more is mended: clusters are full of things that are wrong
// for a moment, such as a policy that was made before its pods.

export interface Settled<T> {
  /** Found for long enough, and not told before; or told before with other contents. */
  readonly begun: readonly T[]
  /** Told before, and not found any more. */
  readonly ended: readonly T[]
}

interface Entry<T> {
  value: T
  /** When it was found first, without a break since. */
  readonly sinceMs: number
  told: boolean
}

export class Settling<T> {
  readonly #settleMs: number
  readonly #keyOf: (value: T) => string
  readonly #isSame: (a: T, b: T) => boolean
  #entries = new Map<string, Entry<T>>()

  /** @param keyOf what stays of a finding while its contents change */
  constructor({ settleMs, keyOf, isSame }: { settleMs: number; keyOf: (value: T) => string; isSame: (a: T, b: T) => boolean }) {
    this.#settleMs = settleMs
    this.#keyOf = keyOf
    this.#isSame = isSame
  }

  /** What was told and has not ended. */
  get told(): T[] {
    return [...this.#entries.values()].filter(({ told }) => told).map(({ value }) => value)
  }

  /** When what was found last will have been so for long enough, on the clock of `note`; undefined: nothing waits. */
  get dueMs(): number | undefined {
    const waiting = [...this.#entries.values()].filter(({ told }) => !told).map(({ sinceMs }) => sinceMs + this.#settleMs)
    return waiting.length === 0 ? undefined : waiting.reduce((a, b) => Math.min(a, b))
  }

  /** @param found everything that is so now @param nowMs on any clock that does not go back */
  note(found: Iterable<T>, nowMs: number): Settled<T> {
    const before = this.#entries
    this.#entries = new Map()
    const begun: T[] = []
    for (const value of found) {
      const known = before.get(this.#keyOf(value))
      const sinceMs = known?.sinceMs ?? nowMs
      const isDue = nowMs - sinceMs >= this.#settleMs
      if (isDue && !(known?.told === true && this.#isSame(known.value, value))) begun.push(value)
      this.#entries.set(this.#keyOf(value), { value, sinceMs, told: isDue })
    }
    const ended = [...before].filter(([key, { told }]) => told && !this.#entries.has(key)).map(([, { value }]) => value)
    return { begun, ended }
  }
}
