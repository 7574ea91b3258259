// The 48 situations judged by the reference evaluator, in both IP families.
import { describe, expect, test } from '@jest/globals'
import type { Family } from '../../src/cluster/address.ts'
import { prepareEvaluator } from '../../src/policy/evaluator.ts'
import { finalState } from '../arbitrary/cluster.ts'
import { POOL } from '../arbitrary/pool.ts'
import { SITUATIONS } from './all.ts'
import { changesOf, listCells, packetOf, POD_CELLS, podAddress, wantedCells } from './cells.ts'
import type { Place } from './fixture.ts'
import { momentsOf } from './situation.ts'

test('there are 48, each once', () => {
  expect(SITUATIONS.map(({ number }) => number)).toEqual(Array.from({ length: 48 }, (_, index) => index + 1))
})

describe.each([4, 6] as const)('IPv%d', (family: Family) => {
  const place: Place = { family, slots: POOL.slots }

  test.each(SITUATIONS)('$number $name', (situation) => {
    for (const moment of momentsOf(situation, place)) {
      const evaluator = prepareEvaluator(finalState(changesOf(moment)))
      for (const check of moment.checks) {
        const open = listCells(POD_CELLS, ({ from, to }) => (
          evaluator({ source: podAddress(place, from), destination: podAddress(place, to), ...packetOf(check) }).allowed
        ))
        expect(open).toEqual(wantedCells(POD_CELLS, check))
      }
    }
  })
})
