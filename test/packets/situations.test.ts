// The 48 situations judged with real packets: both families, pods routed and bridged, on one node and on two.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Change } from '../../src/source.ts'
import { readObject } from '../../src/manifests/objects.ts'
import { SITUATIONS } from '../situations/all.ts'
import { type KubeObject, PODS, type Place, type PodName } from '../situations/fixture.ts'
import { type Check, momentsOf } from '../situations/situation.ts'
import type { Host } from '../../lab/host.ts'
import type { LabOptions } from '../../lab/lab.ts'
import { EnforcedLab } from './enforced-lab.ts'

const LABS: readonly LabOptions[] = [
  { layout: 'routed', nodes: 2, podsPerNode: 5 },
  { layout: 'bridge', nodes: 1, podsPerNode: 9 },
]

const CELLS = PODS.flatMap((from) => PODS.filter((to) => to !== from).map((to) => ({ from, to })))

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
      let before: readonly KubeObject[] = []
      for (const { objects, checks } of momentsOf(situation, place)) {
        if (before.length === 0) await lab.load(changesFrom([], objects))
        else await lab.change(changesFrom(before, objects))
        before = objects
        for (const check of checks) expect(reachable(lab, place, check)).toEqual(expected(check))
      }
    })
  })
})

/** What has to be said so that `after` is so; objects are compared by what they mean. */
function changesFrom(before: readonly KubeObject[], after: readonly KubeObject[]): Change[] {
  const [old, now] = [before, after].map((objects) => objects.flatMap((object) => readObject(object).changes))
  const kept = new Set(now!.map(({ kind, key }) => `${kind} ${key}`))
  const gone = old!.filter(({ kind, key }) => !kept.has(`${kind} ${key}`)).map((change): Change => ({ ...change, now: undefined }))
  return [...gone, ...now!]
}

/** The cells that are open, with answers; as `x/a > y/b`. */
function reachable(lab: EnforcedLab, { family }: Place, { protocol, port }: Check): string[] {
  const hostOf = (pod: PodName): Host => lab.lab.pods[PODS.indexOf(pod)]!
  const attempts = CELLS.map(({ from, to }) => ({ from: hostOf(from), to: hostOf(to), probe: { protocol, port, family } }))
  const verdicts = lab.prober.judge(attempts).map(({ verdict }) => verdict)
  expect(verdicts).not.toContain('no-answer')
  return CELLS.filter((_, index) => verdicts[index] === 'allowed').map(({ from, to }) => `${from} > ${to}`)
}

function expected({ expect: mayReach }: Check): string[] {
  return CELLS.filter(({ from, to }) => mayReach(from, to)).map(({ from, to }) => `${from} > ${to}`)
}
