// Everything is read anew, while what is known stays in force; when all has come, the differences are one update.
import type { Reading } from './resource.ts'
import { joined, type ObjectStore, type Update } from './store.ts'

export class Replacement {
  readonly #store: ObjectStore
  readonly #seen = new Set<string>()
  /** Of those seen: the ones that are not as the store has them. */
  readonly #different = new Map<string, Reading>()

  constructor(store: ObjectStore) {
    this.#store = store
  }

  put(reading: Reading): void {
    const key = reading.change?.key
    if (key === undefined) return
    this.#seen.add(key)
    if (this.#store.has(reading)) this.#different.delete(key)
    else this.#different.set(key, reading)
  }

  remove({ change }: Reading): void {
    if (change === undefined) return
    this.#seen.delete(change.key)
    this.#different.delete(change.key)
  }

  /** Brings the store up to date. @returns what is new: deletions first, since addresses move from pod to pod */
  finish(): Update {
    const gone = this.#store.keys().filter((key) => !this.#seen.has(key))
    const removed = gone.map((key) => this.#store.forget(key))
    return joined([...removed, ...Array.from(this.#different.values(), (reading) => this.#store.apply(reading))])
  }
}
