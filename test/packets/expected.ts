// What packets must come to, by the reference evaluator.
import { prepareEvaluator } from '../../src/policy/evaluator.ts'
import type { Direction } from '../../src/policy/types.ts'
import type { ClusterState, Flow, Verdict } from '../../src/policy/verdict.ts'
import { PROBES } from '../arbitrary/flows.ts'
import { type Cell, formatCell, type Probe } from '../../lab/prober.ts'
import { flowOf } from './enforced-lab.ts'

/** Every port that random policies are about, each protocol, both families. */
export const ALL_PROBES: readonly Probe[] = PROBES.flatMap(({ protocol, port }) => [4, 6].map((family) => (
  { protocol: protocol === 'other' ? 'ICMP' : protocol, port, family } as Probe
)))

/** Each of these nodes enforces on its own pods. A pod that is said to be on another node is nobody's. */
export function evaluatorOnNodes(cluster: ClusterState, nodeNames: readonly string[]): (flow: Flow) => Verdict {
  const nodes = nodeNames.map((name) => prepareEvaluator(cluster, name))
  return (flow) => {
    const verdicts = nodes.map((evaluate) => evaluate(flow))
    const side = (direction: Direction) => (verdicts.find((verdict) => verdict[direction].reason !== 'other-node') ?? verdicts[0]!)[direction]
    return { allowed: verdicts.every(({ allowed }) => allowed), egress: side('egress'), ingress: side('ingress') }
  }
}

/** A line for each packet that passed or did not against the evaluator's word. */
export function wrongCells(cells: readonly Cell[], evaluate: (flow: Flow) => Verdict): string[] {
  return cells.flatMap((cell) => {
    const expected = evaluate(flowOf(cell.from, cell.to, cell.probe)).allowed ? 'allowed' : 'denied'
    return cell.verdict === expected ? [] : [`${formatCell(cell)}, must be ${expected}`]
  })
}
