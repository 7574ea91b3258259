import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { Settling } from '../../src/advice/settling.ts'
import { property } from '../property.ts'

const SETTLE_MS = 10

function settling(): Settling<string> {
  return new Settling<string>({ settleMs: SETTLE_MS, keyOf: (value) => value.charAt(0), isSame: (a, b) => a === b })
}

test('what lasts is told once, and its end too', () => {
  const told = settling()
  expect(told.note(['a1'], 0)).toEqual({ begun: [], ended: [] })
  expect(told.dueMs).toBe(10)
  expect(told.note(['a1'], 9)).toEqual({ begun: [], ended: [] })
  expect(told.note(['a1'], 10)).toEqual({ begun: ['a1'], ended: [] })
  expect(told.dueMs).toBeUndefined()
  expect(told.note(['a1'], 20)).toEqual({ begun: [], ended: [] })
  expect(told.told).toEqual(['a1'])
  expect(told.note([], 21)).toEqual({ begun: [], ended: ['a1'] })
  expect(told.told).toEqual([])
})

test('a break begins the wait anew, and what was never told does not end', () => {
  const told = settling()
  told.note(['a1'], 0)
  expect(told.note([], 9)).toEqual({ begun: [], ended: [] })
  told.note(['a1'], 10)
  expect(told.note(['a1'], 19)).toEqual({ begun: [], ended: [] })
})

test('other contents are told at once, and are not the end of what was told', () => {
  const told = settling()
  told.note(['a1'], 0)
  told.note(['a1'], 10)
  expect(told.note(['a2'], 11)).toEqual({ begun: ['a2'], ended: [] })
  expect(told.told).toEqual(['a2'])
})

test('told is exactly what was found at each look of the last 10 ms and before', () => {
  const look = fc.record({ found: fc.subarray(['a1', 'b1', 'c1']), afterMs: fc.integer({ min: 0, max: 8 }) })
  property(fc.array(look, { maxLength: 12 }), (looks) => {
    const told = settling()
    const since = new Map<string, number>()
    const open = new Set<string>()
    let nowMs = 0
    for (const { found, afterMs } of looks) {
      nowMs += afterMs
      for (const value of ['a1', 'b1', 'c1']) if (!found.includes(value)) since.delete(value)
      for (const value of found) since.set(value, since.get(value) ?? nowMs)
      const { begun, ended } = told.note(found, nowMs)
      for (const value of begun) expect(open.has(value)).toBe(false)
      for (const value of begun) open.add(value)
      for (const value of ended) expect(open.delete(value)).toBe(true)
      const expected = found.filter((value) => nowMs - since.get(value)! >= SETTLE_MS)
      expect([...open].sort()).toEqual(expected)
      expect(told.told.sort()).toEqual(expected)
    }
  })
})
