// Numbers of the verdicts in lists of tiers, whose highest bits say the outcome; and the counter of the rule that each leads to.
import { numberKey } from '../../nftables/keys.ts'
import { OUTCOME, OUTCOME_BITS } from '../../nftables/numbers.ts'
import type { Direction } from '../../policy/types.ts'
import { type CounterMeaning, counterName } from '../counter-names.ts'
import type { IdPool } from '../ids.ts'
import type { ContentStore } from '../store.ts'
import type { Verdict } from './verdict.ts'

const OUTCOME_OF = { accept: OUTCOME.accept, deny: OUTCOME.deny, next: OUTCOME.pass } as const satisfies Record<Verdict['action'], number>

export class VerdictNumbers {
  readonly sets = 'tier'
  readonly #store: ContentStore
  readonly #ids: IdPool
  readonly #interned = new Map<string, { readonly number: number; uses: number }>()

  /** @param ids up to LARGEST_VERDICT */
  constructor(store: ContentStore, ids: IdPool) {
    this.#store = store
    this.#ids = ids
  }

  /** The number of a verdict, held until `release`. */
  use(direction: Direction, verdict: Verdict): number {
    const key = keyOf(direction, verdict)
    const known = this.#interned.get(key)
    if (known !== undefined) {
      known.uses++
      return known.number
    }
    const number = (OUTCOME_OF[verdict.action] | this.#ids.take()) >>> 0
    this.#interned.set(key, { number, uses: 1 })
    const meaning = meaningOf(direction, verdict)
    this.#store.holdCounter(counterName(meaning), meaning)
    this.#store.put('tier_counters', numberKey(number), counterName(meaning))
    return number
  }

  release(direction: Direction, verdict: Verdict): void {
    const key = keyOf(direction, verdict)
    const known = this.#interned.get(key)
    if (known === undefined || --known.uses > 0) return
    this.#interned.delete(key)
    this.#ids.giveBack((known.number & ~OUTCOME_BITS) >>> 0)
    this.#store.remove('tier_counters', numberKey(known.number))
    this.#store.dropCounter(counterName(meaningOf(direction, verdict)))
  }
}

function meaningOf(direction: Direction, { hits }: Verdict): CounterMeaning {
  return { kind: 'hits', direction, hits }
}

function keyOf(direction: Direction, { key }: Verdict): string {
  return `${direction} ${key}`
}
