// Numbers for classes and permissions as the kernel sees them.

const LARGEST = 0xfffffffe // 0 is "none" and 0xffffffff "root" in nft's classid type

/**
 * Gives out classids. A number that was given back is not given out again until all others were: a packet that is half
 * way through the program while a transaction commits must never meet an old number with a new meaning.
 */
export class IdPool {
  readonly #used = new Set<number>()
  #last = 0

  take(): number {
    do this.#last = this.#last === LARGEST ? 1 : this.#last + 1
    while (this.#used.has(this.#last))
    this.#used.add(this.#last)
    return this.#last
  }

  giveBack(id: number): void {
    this.#used.delete(id)
  }
}
