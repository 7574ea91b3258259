// Numbers for classes, lists and verdicts as the kernel sees them: nft's classid type, in which 0 is "none" and 0xffffffff "root".

/**
 * Gives out numbers. One that was given back is not given out again until all others were: a packet that is half
 * way through the program while a transaction commits must never meet an old number with a new meaning.
 */
export class IdPool {
  readonly #largest: number
  readonly #used = new Set<number>()
  #last = 0

  /** @param largest number to give out; the smallest is 1 */
  constructor(largest = 0xfffffffe) {
    this.#largest = largest
  }

  take(): number {
    do this.#last = this.#last === this.#largest ? 1 : this.#last + 1
    while (this.#used.has(this.#last))
    this.#used.add(this.#last)
    return this.#last
  }

  giveBack(id: number): void {
    this.#used.delete(id)
  }
}
