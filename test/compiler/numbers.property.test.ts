// Numbers of classes, lists and verdicts over the life of a compiler: one that comes into use was never in use before. A packet that is
// half way through the program while a transaction commits must not meet an old number with a new meaning.
import { expect, test } from '@jest/globals'
import { Compiler } from '../../src/compiler/compiler.ts'
import type { Delta } from '../../src/nftables/content.ts'
import type { SetName } from '../../src/nftables/schema.ts'
import { historyArb } from '../arbitrary/cluster.ts'
import { ALL_LOCAL, NODES } from '../arbitrary/pool.ts'
import { property } from '../property.ts'

const NODE = NODES[0]

const CLASSES: Readonly<Record<'class' | 'tier class', readonly SetName[]>> = {
  class: ['class4', 'class6', 'cidr4', 'cidr6'],
  'tier class': ['tier_class4', 'tier_class6', 'tier_cidr4', 'tier_cidr6'],
}
/** Sets whose keys begin with a number that has all its elements from its first moment to its last. */
const OWNED: Readonly<Record<'list' | 'tier list' | 'verdict', readonly SetName[]>> = {
  list: ['verdict_ports', 'verdict_ranges', 'verdict_any'],
  'tier list': ['tier_ports', 'tier_ranges', 'tier_any'],
  verdict: ['tier_counters'],
}

/** Numbers of what a delta brings into use; a class is that if no element had it before. */
function newNumbers(delta: Delta, before: ReadonlySet<string>): string[] {
  const added = (set: SetName) => delta.sets.get(set)?.added ?? new Map<never, never>()
  const classes = Object.entries(CLASSES).flatMap(([kind, sets]) => sets.flatMap((set) => Array.from(added(set).values(), (number) => `${kind} ${number}`)))
  const owned = Object.entries(OWNED).flatMap(([kind, sets]) => (
    sets.flatMap((set) => Array.from(added(set).keys(), (key: string) => `${kind} ${Buffer.from(key.slice(0, 4), 'latin1').readUInt32LE()}`))
  ))
  return [...new Set([...classes.filter((number) => !before.has(number)), ...owned])]
}

function classesIn({ content: { sets } }: Compiler): Set<string> {
  return new Set(Object.entries(CLASSES).flatMap(([kind, all]) => all.flatMap((set) => Array.from(sets.get(set)!.values(), (number) => `${kind} ${number}`))))
}

test('a number that comes into use was never in use before', () => {
  property(historyArb(ALL_LOCAL), (history) => {
    const compiler = new Compiler(NODE)
    const ever = new Set<string>()
    for (const change of history) {
      const before = classesIn(compiler)
      const delta = compiler.apply([change])
      if (delta === undefined) continue
      const numbers = newNumbers(delta, before)
      expect(numbers.filter((number) => ever.has(number))).toEqual([])
      for (const number of numbers) ever.add(number)
    }
  })
})
