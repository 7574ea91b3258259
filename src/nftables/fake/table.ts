// One table of the fake kernel.
import type { CounterName, Key, Value } from '../content.ts'
import type { SetName } from '../schema.ts'
import type { CounterValue, TableFlag } from '../transaction.ts'
import type { Journal } from './journal.ts'

export interface FakeTable {
  readonly handle: bigint
  readonly flags: readonly TableFlag[]
  readonly sets: Map<SetName, Map<Key, Value>>
  readonly counters: Map<CounterName, CounterValue>
  /** How many elements and rules refer to each counter. */
  readonly uses: Map<CounterName, number>
  readonly chains: Map<string, true>
  /** Sets, chains and rules, as the commands that added them, by their place in the order. */
  readonly structure: Map<number, string>
}

export function newTable(handle: bigint, flags: readonly TableFlag[]): FakeTable {
  return { handle, flags, sets: new Map(), counters: new Map(), uses: new Map(), chains: new Map(), structure: new Map() }
}

/** An element or a rule more, or one less, refers to a counter. */
export function countUse({ uses }: FakeTable, name: CounterName, by: 1 | -1, journal: Journal): void {
  journal.set(uses, name, (uses.get(name) ?? 0) + by)
}
