import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { applyDelta, diff, emptyContent, isEmptyDelta } from '../../src/nftables/diff.ts'
import { update } from '../../src/nftables/transaction.ts'
import { anyContent, sameContent } from './contents.ts'

test('applying the difference of a and b to a gives b', () => {
  fc.assert(
    fc.property(anyContent, anyContent, (a, b) => {
      expect(sameContent(applyDelta(diff(a, b), a), b)).toBe(true)
    }),
    { numRuns: 300 },
  )
})

test('the difference holds only what changes, with the values that were and that are to be', () => {
  fc.assert(
    fc.property(anyContent, anyContent, (a, b) => {
      for (const [set, { deleted, added }] of diff(a, b).sets) {
        expect(deleted.size + added.size).toBeGreaterThan(0)
        for (const [key, value] of deleted) expect([a.sets.get(set)?.get(key), b.sets.get(set)?.get(key) === value]).toEqual([value, false])
        for (const [key, value] of added) expect([b.sets.get(set)?.get(key), a.sets.get(set)?.get(key) === value]).toEqual([value, false])
      }
    }),
  )
})

test('nothing changes nothing, and what is given stays as it was', () => {
  fc.assert(
    fc.property(anyContent, anyContent, (a, b) => {
      const before = structuredClone(a)
      applyDelta(diff(a, b), a)
      expect(a).toEqual(before)
      expect(isEmptyDelta(diff(a, before))).toBe(true)
      expect(update(diff(a, before)).commands).toEqual([])
    }),
  )
})

test('a set that is missing is an empty one', () => {
  const empty = { sets: new Map([['class4', new Map()] as const]), counters: new Set<never>() }
  expect(isEmptyDelta(diff(emptyContent(), empty))).toBe(true)
})
