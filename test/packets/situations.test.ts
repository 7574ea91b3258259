// The 48 situations judged with real packets: both families, pods routed and bridged, on one node and on two.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { SITUATIONS } from '../situations/all.ts'
import { listCells, POD_CELLS, wantedCells } from '../situations/cells.ts'
import { PODS, type Place, type PodName } from '../situations/fixture.ts'
import { type Check, momentsOf } from '../situations/situation.ts'
import type { Host } from '../../lab/host.ts'
import type { LabOptions } from '../../lab/lab.ts'
import { EnforcedLab } from './enforced-lab.ts'

const LABS: readonly LabOptions[] = [
  { layout: 'routed', nodes: 2, podsPerNode: 5 },
  { layout: 'bridge', nodes: 1, podsPerNode: 9 },
]

describe.each(LABS)('$layout pods on $nodes node(s)', (options) => {
  const state: { lab?: EnforcedLab } = {}
  beforeAll(() => {
    state.lab = new EnforcedLab(options)
  })
  afterAll(() => state.lab?.close())

  describe.each([4, 6] as const)('IPv%d', (family) => {
    test.each(SITUATIONS)('$number $name', async (situation) => {
      const lab = state.lab!
      const place: Place = { family, slots: lab.pool.slots }
      for await (const { checks } of lab.follow(momentsOf(situation, place))) {
        for (const check of checks) expect(reachable(lab, place, check)).toEqual(wantedCells(POD_CELLS, check))
      }
    })
  })
})

/** The cells that are open, with answers; as `x/a > y/b`. */
function reachable(lab: EnforcedLab, { family }: Place, { protocol, port }: Check): string[] {
  const hostOf = (pod: PodName): Host => lab.lab.pods[PODS.indexOf(pod)]!
  const attempts = POD_CELLS.map(({ from, to }) => ({ from: hostOf(from), to: hostOf(to), probe: { protocol, port, family } }))
  const verdicts = lab.prober.judge(attempts).map(({ verdict }) => verdict)
  expect(verdicts).not.toContain('no-answer')
  return listCells(POD_CELLS, (_, index) => verdicts[index] === 'allowed')
}
