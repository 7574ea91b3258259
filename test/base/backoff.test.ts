import { expect, test } from '@jest/globals'
import { Backoff } from '../../src/base/backoff.ts'

test('waits double up to the longest, and start again after a success', () => {
  const backoff = new Backoff({ firstMs: 100, longestMs: 1000 })
  const waits = (count: number): number[] => Array.from({ length: count }, () => backoff.next())
  expect(waits(6)).toEqual([100, 200, 400, 800, 1000, 1000])
  expect(backoff.failures).toBe(6)
  backoff.reset()
  expect(waits(2)).toEqual([100, 200])
})

test('waits stay the longest however often it fails', () => {
  const backoff = new Backoff({ firstMs: 1, longestMs: 10_000 })
  const waits = Array.from({ length: 5000 }, () => backoff.next())
  expect(waits.at(-1)).toBe(10_000)
})
