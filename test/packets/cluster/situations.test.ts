// Situations of ClusterNetworkPolicies judged with real packets: both families, pods routed on two nodes, and bridged on one.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { wantedCells } from '../../situations/cells.ts'
import { CLUSTER_SITUATIONS } from '../../situations/cluster/all.ts'
import { cellsOf } from '../../situations/cluster/place.ts'
import { momentsOf } from '../../situations/situation.ts'
import { ClusterLab } from './cluster-lab.ts'

describe.each(['routed', 'bridge'] as const)('%s pods', (layout) => {
  const state: { lab?: ClusterLab } = {}
  beforeAll(async () => {
    state.lab = await ClusterLab.create(layout)
  })
  afterAll(() => state.lab?.close())

  describe.each([4, 6] as const)('IPv%d', (family) => {
    test.each(CLUSTER_SITUATIONS)('$name', async (situation) => {
      const lab = state.lab!
      const place = lab.place(family)
      for await (const { checks } of lab.follow(momentsOf(situation, place))) {
        for (const check of checks) expect(lab.open(place, check)).toEqual(wantedCells(cellsOf(check), check))
      }
    })
  })
})
