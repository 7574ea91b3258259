// Scene 6: ClusterNetworkPolicies come and go again, in a cluster where some NetworkPolicies are missing.
import colors from 'picocolors'
import { policyName } from '../../src/cluster/objects.ts'
import type { Verdict } from '../../src/policy/verdict.ts'
import { denialsByPod, hitsByRule, readCounters, since, talliesOf, wrongCounters } from '../hits.ts'
import { untilInForce } from '../in-force.ts'
import { addClusterPolicies, type Cluster, removeClusterPolicies, removePolicies, restorePolicies } from '../manifests.ts'
import { plainTable } from '../matrix-table.ts'
import { attemptName, type Cell, flipped, measureMatrix } from '../matrix.ts'
import type { Stage } from '../stage.ts'
import { complain, count, heading, say, verdictText } from '../text.ts'
import { complainOfCells } from './reach.ts'

/** All of namespace monitoring, and the one for DNS of the others. */
const MISSING = /^ {2}(namespace: monitoring|name: allow-dns)$/m
const CAUSES = ['isolation', 'admin', 'baseline'] as const

/** @returns how many things are not as they should be */
export async function showClusterPolicies(stage: Stage): Promise<number> {
  const { manifests, node } = stage
  heading(6, 'ClusterNetworkPolicies: what holds in every namespace')
  removePolicies(manifests, (document) => MISSING.test(document))
  const before = await measured(stage, await untilInForce(stage))
  addClusterPolicies(manifests)
  const cluster = await untilInForce(stage)
  say(`Namespace monitoring loses its NetworkPolicies, and the others theirs for DNS. Then ${count(cluster.clusterPolicies.length, 'ClusterNetworkPolicy')} come:`)
  const counted = await readCounters(node)
  const after = await measured(stage, cluster)
  const flips = flipped(before, after)
  sayFlips(flips)
  const faultsOfCounters = sayCounters(after, since(counted, await readCounters(node)))
  removeClusterPolicies(manifests)
  const left = flipped(before, await measured(stage, await untilInForce(stage)))
  restorePolicies(manifests)
  await untilInForce(stage)
  if (left.length === 0) say('They are taken away again, and all is as before.')
  return [before, after].reduce((faults, cells) => faults + complainOfCells(cells), faultsOfCounters) + complain([
    ...(flips.length > 0 ? [] : ['no connection fares otherwise']),
    ...left.map((cell) => `${attemptName(cell)} over IPv${cell.family} does not fare as before`),
  ])
}

async function measured({ cast, node }: Stage, cluster: Cluster): Promise<Cell[]> {
  return await measureMatrix({ ...cast, services: [...cast.services, cast.metadata] }, cluster, node.name)
}

function sayFlips(flips: readonly Cell[]): void {
  const table = plainTable()
  for (const flip of flips.filter(({ family }) => family === 4)) {
    table.push([attemptName(flip), `  ${verdictText(!flip.open)} → ${verdictText(flip.open)}`, `  ${colors.dim(causeOf(flip.verdict))}`])
  }
  say(table.toString())
}

/** The rule that decided, of the direction that decided. */
function causeOf({ allowed, ...verdict }: Verdict): string {
  for (const direction of ['egress', 'ingress'] as const) {
    const { decidedBy } = verdict[direction]
    if (decidedBy === undefined || verdict[direction].allowed !== allowed) continue
    return `${decidedBy.tier} ${policyName(decidedBy.policy)} ${direction}[${decidedBy.rule}]`
  }
  return ''
}

/** @returns how many counters are not as they should be */
function sayCounters(cells: readonly Cell[], counters: ReturnType<typeof since>): number {
  const tallies = talliesOf(cells)
  const hits = hitsByRule(tallies, counters)
  const denials = [...denialsByPod(tallies, counters)]
  const table = plainTable()
  table.push(['', colors.dim('hits by rule'), '  ', colors.dim('packets denied by'), ...CAUSES.map((by) => colors.dim(by))])
  for (let row = 0; row < Math.max(hits.length, denials.length); row++) {
    const [hit, denial] = [hits[row], denials[row]]
    const left = hit === undefined ? ['', ''] : [colors.bold(String(hit.packets).padStart(4)), hit.rule]
    table.push([...left, '  ', ...(denial === undefined ? [] : [denial[0], ...CAUSES.map((by) => String(denial[1][by]).padStart(by.length))])])
  }
  say(table.toString())
  return complain(wrongCounters(tallies, counters))
}
