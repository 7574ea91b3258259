// Numbers of the verdicts in ordered lists, whose highest bits say the outcome; and the counter that each leads to.
import type { CounterName } from '../../nftables/content.ts'
import { numberKey } from '../../nftables/keys.ts'
import { LARGEST_VERDICT, OUTCOME, type Outcome } from '../../nftables/numbers.ts'
import type { Direction } from '../../policy/types.ts'
import { type CounterMeaning, counterName } from '../counter-names.ts'
import { IdPool } from '../ids.ts'
import type { ContentStore } from '../store.ts'
import type { Verdict } from './verdict.ts'

interface Interned {
  readonly number: number
  /** undefined: no policy has a part in it. */
  readonly counter: CounterName | undefined
  uses: number
}

export class VerdictNumbers {
  readonly #store: ContentStore
  readonly #ids = new IdPool(LARGEST_VERDICT)
  readonly #interned = new Map<string, Interned>()

  constructor(store: ContentStore) {
    this.#store = store
  }

  /** The number of a verdict, held until `release`. */
  use(direction: Direction, verdict: Verdict): number {
    const key = keyOf(direction, verdict)
    const known = this.#interned.get(key)
    if (known !== undefined) {
      known.uses++
      return known.number
    }
    const number = (OUTCOME[outcomeOf(verdict)] | this.#ids.take()) >>> 0
    this.#interned.set(key, { number, counter: this.#count(direction, verdict, number), uses: 1 })
    return number
  }

  release(direction: Direction, verdict: Verdict): void {
    const key = keyOf(direction, verdict)
    const known = this.#interned.get(key)
    if (known === undefined || --known.uses > 0) return
    this.#interned.delete(key)
    this.#ids.giveBack((known.number & LARGEST_BITS) >>> 0)
    if (known.counter === undefined) return
    this.#store.remove('ordered_counters', numberKey(known.number))
    this.#store.dropCounter(known.counter)
  }

  #count(direction: Direction, { hits }: Verdict, number: number): CounterName | undefined {
    if (hits.length === 0) return undefined
    const meaning: CounterMeaning = { kind: 'hits', direction, hits }
    const counter = counterName(meaning)
    this.#store.holdCounter(counter, meaning)
    this.#store.put('ordered_counters', numberKey(number), counter)
    return counter
  }
}

const LARGEST_BITS = 0x3fffffff

function outcomeOf({ action, by }: Verdict): Outcome {
  return action === 'deny' ? by ?? 'isolation' : 'accept'
}

function keyOf(direction: Direction, { key }: Verdict): string {
  return `${direction} ${key}`
}
