// Situations of ClusterNetworkPolicies judged by the reference evaluator, in both IP families.
import { describe, expect, test } from '@jest/globals'
import { prepareEvaluator } from '../../../src/policy/evaluator.ts'
import { finalState } from '../../arbitrary/cluster.ts'
import { addressOf, NODES, POOL } from '../../arbitrary/pool.ts'
import { changesOf, listCells, wantedCells } from '../cells.ts'
import { momentsOf } from '../situation.ts'
import { CLUSTER_SITUATIONS } from './all.ts'
import { cellsOf, type ClusterPlace, flowOf } from './place.ts'

const ADDRESSES = {
  nodes: [
    { name: NODES[0], ...both('172.18.0.2', 'fd00:172:18::2'), gateway: both('10.0.0.1', 'fd00::1') },
    { name: NODES[1], ...both('172.18.0.3', 'fd00:172:18::3'), gateway: both('10.0.1.1', 'fd00:0:0:1::1') },
  ],
  outside: both('203.0.113.7', '2001:db8::7'),
} as const

describe.each([4, 6] as const)('IPv%d', (family) => {
  const place: ClusterPlace = { family, slots: POOL.slots, ...ADDRESSES }

  test.each(CLUSTER_SITUATIONS)('$name', (situation) => {
    for (const moment of momentsOf(situation, place)) {
      const evaluator = prepareEvaluator(finalState(changesOf(moment)))
      for (const check of moment.checks) {
        const cells = cellsOf(check)
        const open = listCells(cells, (cell) => evaluator(flowOf(place, cell, check)).allowed)
        expect(open).toEqual(wantedCells(cells, check))
      }
    }
  })
})

function both(v4: string, v6: string) {
  return { v4: addressOf(v4), v6: addressOf(v6) }
}
