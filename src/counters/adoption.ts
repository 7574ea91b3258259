// What an earlier life of the agent has left in the kernel for those who still live: its past, and what its counters have that are
// wanted no more.
import { podKey } from '../cluster/objects.ts'
import type { Compiler } from '../compiler/compiler.ts'
import { type CounterMeaning, counterName, ownPast, pastName } from '../compiler/counter-names.ts'
import { isSetOf, memberFinder } from '../compiler/counter-members.ts'
import type { CounterName } from '../nftables/content.ts'
import { type CounterValue, plus } from '../nftables/transaction.ts'
import { type Direction, DIRECTIONS } from '../policy/types.ts'
import type { Reading } from './past.ts'

/**
 * @param wanted names of counters that go on, with what they have
 * @param own names of counters that are always there
 * @param reading what the kernel has
 * @returns by the name of the counter that is to keep it
 */
export function adopted(compiler: Compiler, wanted: ReadonlySet<CounterName>, own: readonly CounterName[], reading: Reading): Reading {
  const amounts = new Map<CounterName, CounterValue>()
  const take = (past: CounterName, from: CounterName): void => {
    const value = wanted.has(from) ? undefined : reading.get(from)
    if (value !== undefined && value.packets > 0) amounts.set(past, plus(amounts.get(past), value)) // of nothing nothing is to be kept
  }
  const takeOwn = (meaning: CounterMeaning, key: string): void => {
    const past = pastName(meaning.kind, meaning.direction, key)
    take(past, past)
    take(past, counterName(meaning))
  }
  const policies = new Set(Array.from(compiler.queries.policies(), ({ key }) => key))
  const membersOf = memberFinder(reading, policies)
  const pods = compiler.localPods().map(podKey)
  for (const direction of DIRECTIONS) {
    for (const key of policies) takeOwn({ kind: 'hits', direction, policies: [key] }, key)
    for (const pod of pods) takeOwn({ kind: 'denied', direction, pod }, pod)
    for (const name of setsThatGo(direction, wanted, reading)) {
      for (const key of membersOf(name)) take(pastName('hits', direction, key), name)
    }
  }
  for (const name of own) take(ownPast(name), ownPast(name))
  return amounts
}

function setsThatGo(direction: Direction, wanted: ReadonlySet<CounterName>, reading: Reading): CounterName[] {
  return [...reading.keys()].filter((name) => isSetOf(direction, name) && !wanted.has(name))
}
