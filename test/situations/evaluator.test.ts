// The 48 situations judged by the reference evaluator, in both IP families.
import { describe, expect, test } from '@jest/globals'
import type { Family } from '../../src/cluster/address.ts'
import { readObject } from '../../src/manifests/objects.ts'
import { prepareEvaluator } from '../../src/policy/evaluator.ts'
import type { ClusterState } from '../../src/policy/verdict.ts'
import { finalState } from '../arbitrary/cluster.ts'
import { POOL } from '../arbitrary/pool.ts'
import { SITUATIONS } from './all.ts'
import { type KubeObject, PODS, type Place, slotOf } from './fixture.ts'
import { type Check, momentsOf } from './situation.ts'

test('there are 48, each once', () => {
  expect(SITUATIONS.map(({ number }) => number)).toEqual(Array.from({ length: 48 }, (_, index) => index + 1))
})

describe.each([4, 6] as const)('IPv%d', (family: Family) => {
  const place: Place = { family, slots: POOL.slots }

  test.each(SITUATIONS)('$number $name', (situation) => {
    for (const { objects, checks } of momentsOf(situation, place)) {
      const cluster = readCluster(objects)
      for (const check of checks) expect(reachable(place, cluster, check)).toEqual(expected(check))
    }
  })
})

function readCluster(objects: readonly KubeObject[]): ClusterState {
  const readings = objects.map((object) => readObject(object))
  expect(readings.flatMap(({ problems }) => problems)).toEqual([])
  return finalState(readings.flatMap(({ changes }) => changes))
}

const CELLS = PODS.flatMap((from) => PODS.filter((to) => to !== from).map((to) => ({ from, to })))

/** The cells that are open, as `x/a > y/b`. */
function reachable(place: Place, cluster: ClusterState, { protocol, port }: Check): string[] {
  const evaluator = prepareEvaluator(cluster)
  const key = place.family === 4 ? 'v4' : 'v6'
  const open = CELLS.filter(({ from, to }) => {
    return evaluator({ source: slotOf(place, from)[key], destination: slotOf(place, to)[key], protocol, port }).allowed
  })
  return open.map(({ from, to }) => `${from} > ${to}`)
}

function expected({ expect: mayReach }: Check): string[] {
  return CELLS.filter(({ from, to }) => mayReach(from, to)).map(({ from, to }) => `${from} > ${to}`)
}
