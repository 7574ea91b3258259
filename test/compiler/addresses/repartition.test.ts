// Which old name goes on under which new meaning: the heaviest parts first.
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { assign, type Part } from '../../../src/compiler/addresses/repartition.ts'
import { property } from '../../property.ts'

function part(from: string, key: string, weight: number): Part<string> {
  return { from, key, weight }
}

const NONE: ReadonlyMap<string, string> = new Map()

test.each<[string, Part<string>[], Record<string, string>]>([
  ['one that stays as it is', [part('a', 'x', 5)], { x: 'a' }],
  ['one that is split: the heavier part keeps the name', [part('a', 'x', 1), part('a', 'y', 9)], { y: 'a' }],
  ['two that merge: the heavier one does', [part('a', 'x', 1), part('b', 'x', 9)], { x: 'b' }],
  ['a split and a merge at once', [part('a', 'x', 5), part('a', 'y', 4), part('b', 'y', 3)], { x: 'a', y: 'b' }],
  ['a part that loses against a heavier one leaves its name to another part', [part('a', 'x', 8), part('b', 'x', 9), part('a', 'y', 1)], { x: 'b', y: 'a' }],
  ['two that swap', [part('a', 'y', 2), part('b', 'x', 3)], { x: 'b', y: 'a' }],
])('%s', (_, parts, expected) => {
  expect(Object.fromEntries(assign(parts, NONE))).toEqual(expected)
})

test('a fixed one keeps its meaning, whatever the others weigh', () => {
  const fixed = new Map([['empty', 'e']])
  expect(Object.fromEntries(assign([part('a', 'empty', 100), part('e', 'x', 100), part('a', 'x', 1)], fixed))).toEqual({ empty: 'e', x: 'a' })
})

test('each name and each meaning once; no part that lost is heavier than both of those that won against it', () => {
  const partArb = fc.record({ from: fc.constantFrom('a', 'b', 'c', 'd'), key: fc.constantFrom('w', 'x', 'y', 'z'), weight: fc.nat(20) })
  property(fc.uniqueArray(partArb, { selector: ({ from, key }) => from + key, maxLength: 16 }), (parts) => {
    const assigned = assign(parts, NONE)
    expect(new Set(assigned.values()).size).toBe(assigned.size)
    const weightOf = (key: string): number => parts.find((each) => each.key === key && assigned.get(key) === each.from)!.weight
    for (const { from, key, weight } of parts) {
      if (assigned.get(key) === from) continue
      const rivals = [...assigned].filter(([other, name]) => other === key || name === from).map(([other]) => weightOf(other))
      expect(Math.max(-1, ...rivals)).toBeGreaterThanOrEqual(weight)
    }
  })
})
