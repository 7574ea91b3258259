// Kernel truth: random clusters in the tables of two nodes, judged with real packets, answers included, and counted.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { getOrAdd } from '../../src/base/collections.ts'
import { podKey } from '../../src/cluster/objects.ts'
import { denyCounter } from '../../src/compiler/counter-names.ts'
import { countersOf as hitCounters, creditsOf, deniedBy } from '../compiler/credits.ts'
import { claimantsOf } from '../../src/policy/owner.ts'
import type { Direction } from '../../src/policy/types.ts'
import type { DirectionVerdict, Flow, Verdict } from '../../src/policy/verdict.ts'
import { changesOf, type Cluster, clusterArb, finalState, historyArb } from '../arbitrary/cluster.ts'
import type { Cell } from '../../lab/prober.ts'
import { RUNS, SEED } from '../property.ts'
import { EnforcedLab, flowOf } from './enforced-lab.ts'
import { ALL_PROBES, evaluatorOnNodes, wrongCells } from './expected.ts'

const state: { lab?: EnforcedLab } = {}
beforeAll(() => {
  state.lab = new EnforcedLab({ nodes: 2, podsPerNode: 5, external: 1 })
})
afterAll(() => state.lab?.close())

function evaluatorOf(cluster: Cluster): (flow: Flow) => Verdict {
  return evaluatorOnNodes(cluster, state.lab!.lab.nodes.map(({ name }) => name))
}

/** Packets by counter that the evaluator's reasons make; what egress denies never gets to ingress. */
function expectedCounters(cells: readonly Cell[], cluster: Cluster): Map<string, number> {
  const evaluate = evaluatorOf(cluster)
  const counters = new Map<string, number>()
  for (const cell of cells) {
    const flow = flowOf(cell.from, cell.to, cell.probe)
    const { egress, ingress } = evaluate(flow)
    const hits = [...countersOf(cluster, 'egress', egress, flow), ...(egress.allowed ? countersOf(cluster, 'ingress', ingress, flow) : [])]
    for (const name of hits) counters.set(name, getOrAdd(counters, name, () => 0) + 1)
  }
  return counters
}

function countersOf(cluster: Cluster, direction: Direction, verdict: DirectionVerdict, flow: Flow): string[] {
  const hits = hitCounters(direction, creditsOf(verdict))
  if (verdict.allowed) return hits
  const enforcing = state.lab!.lab.nodes.map(({ name }) => name)
  // Of several that claim the address the first one counts.
  const claimants = claimantsOf(direction === 'egress' ? flow.source : flow.destination, cluster.pods)
  const [first] = claimants.filter(({ nodeName }) => enforcing.includes(nodeName)).map(podKey).sort()
  return first === undefined ? hits : [...hits, denyCounter(direction, first, deniedBy(verdict))]
}

async function measuredCounters(lab: EnforcedLab, expected: ReadonlyMap<string, number>): Promise<Map<string, number>> {
  const all = new Map<string, number>()
  for (const node of lab.lab.nodes) {
    for (const [name, packets] of await lab.counters(node)) if (expected.has(name)) all.set(name, getOrAdd(all, name, () => 0) + packets)
  }
  return all
}

async function judge(lab: EnforcedLab, cluster: Cluster): Promise<Cell[]> {
  const cells = lab.prober.matrix(lab.hosts, ALL_PROBES)
  expect(wrongCells(cells, evaluatorOf(cluster))).toEqual([])
  return await Promise.resolve(cells)
}

const CLUSTERS = Math.max(1, Math.round(RUNS / 3))

test(`${CLUSTERS} random clusters: every packet and its answer passes as the evaluator says, and counts for the policies that allow it`, async () => {
  const lab = state.lab!
  await fc.assert(fc.asyncProperty(clusterArb(lab.pool), async (cluster) => {
    await lab.load(changesOf(cluster))
    const cells = await judge(lab, cluster)
    const expected = expectedCounters(cells, cluster)
    expect(await measuredCounters(lab, expected)).toEqual(expected)
  }), { numRuns: CLUSTERS, seed: SEED })
})

test('a cluster that is edited while packets are judged', async () => {
  const lab = state.lab!
  await fc.assert(fc.asyncProperty(clusterArb(lab.pool), historyArb(lab.pool), async (cluster, edits) => {
    const history = changesOf(cluster)
    await lab.load(history)
    for (let at = 0; at < edits.length; at += 8) {
      const some = edits.slice(at, at + 8)
      await lab.change(some)
      history.push(...some)
      await judge(lab, finalState(history))
    }
  }), { numRuns: Math.max(1, Math.round(CLUSTERS / 10)), seed: SEED })
})
