// Elements of the guard's sets, collected set by set.
import { getOrAdd } from '../base/collections.ts'
import type { Key, Value } from '../nftables/content.ts'
import type { SetName } from '../nftables/schema.ts'

export type GuardSets = Map<SetName, Map<Key, Value>>

export function addElement(sets: GuardSets, set: SetName, key: Key): void {
  getOrAdd(sets, set, () => new Map<Key, Value>()).set(key, true)
}
