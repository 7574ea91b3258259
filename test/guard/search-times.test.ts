import { expect, test } from '@jest/globals'
import { SearchTimes } from '../../src/guard/search-times.ts'

/** When it was due, asked twice a second for so long. */
function looks(search: SearchTimes, fromMs: number, forMs: number): number[] {
  return Array.from({ length: forMs / 500 }, (_, index) => fromMs + 500 * index).filter((nowMs) => search.isDue(nowMs))
}

test('waits double up to half a minute, and begin anew after a change', () => {
  const search = new SearchTimes()
  expect(looks(search, 1000, 120_000)).toEqual([1000, 1500, 2500, 4500, 8500, 16_500, 32_500, 62_500, 92_500])
  search.startOver()
  expect(looks(search, 121_000, 5000)).toEqual([121_000, 121_500, 122_500, 124_500])
})
