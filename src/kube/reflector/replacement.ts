// Rereads everything, while what is known stays in force; when all has come, the differences are one update. Only where
// nothing is in force yet, all is told as it comes.
import type { Problem } from '../../cluster/change.ts'
import type { Change } from '../../source.ts'
import type { Steps } from '../../base/steps.ts'
import type { Reading } from './resource.ts'
import { NOTHING, type ObjectStore, type Update } from './store.ts'

export class Replacement {
  readonly #store: ObjectStore
  readonly #isFirst: boolean
  readonly #seen = new Set<string>()
  /** Of those seen: the ones that are not as the store has them. */
  readonly #different = new Map<string, Reading>()

  /** @param isFirst nothing was ever read to the end, so that nothing is in force */
  constructor(store: ObjectStore, isFirst: boolean) {
    this.#store = store
    this.#isFirst = isFirst
  }

  /** @returns what is to be told at once */
  put(reading: Reading): Update {
    const key = reading.change?.key
    if (key === undefined) return NOTHING
    this.#seen.add(key)
    if (this.#isFirst) return this.#store.put(reading)
    if (this.#store.has(reading)) this.#different.delete(key)
    else this.#different.set(key, reading)
    return NOTHING
  }

  /** @returns what is to be told at once */
  remove(reading: Reading): Update {
    const key = reading.change?.key
    if (key === undefined) return NOTHING
    this.#seen.delete(key)
    this.#different.delete(key)
    return this.#isFirst ? this.#store.remove(reading) : NOTHING
  }

  /**
   * Brings the store up to date; the store is not to be changed by others meanwhile.
   * @returns what is new: deletions first, since addresses move from pod to pod
   */
  *finish(): Steps<Update> {
    const changes: Change[] = []
    const problems: (readonly [string, readonly Problem[]])[] = []
    const take = (update: Update): void => {
      changes.push(...update.changes)
      problems.push(...update.problems)
    }
    const gone: Change['key'][] = []
    for (const key of this.#store.keys()) {
      if (!this.#seen.has(key)) gone.push(key)
      yield
    }
    for (const key of gone) {
      take(this.#store.forget(key))
      yield
    }
    for (const reading of this.#different.values()) {
      take(this.#store.put(reading))
      yield
    }
    return { changes, problems }
  }
}
