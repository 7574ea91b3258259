// The stage of NetworkPolicies. It is additive: a port is accepted by every policy of which a rule allows it, in no order; what none
// allows is denied, since the pod is isolated.
import type { Protocol } from '../../cluster/objects.ts'
import { type Peer, portsOf } from './active-policy.ts'
import { type Entry, type Judgement, judgementOf, NOTHING, type PortRange, PROTOCOLS } from './judgement.ts'
import type { RuleIndex } from './rule-index.ts'
import { append, type Segment } from './segments.ts'
import { type Hit, ISOLATED, union, verdictOf } from './verdict.ts'

/** One policy allows these ports. */
interface Grant {
  readonly hit: Hit
  readonly ports: PortRange
}

/** @param rules of all policies that isolate the pod in the direction */
export function networkPolicyStage(rules: RuleIndex, peer: Peer): Judgement {
  const everything: Hit[] = []
  const grants: Grant[] = []
  for (const rule of rules.matching(peer.holds)) {
    const ports = portsOf(rule, peer)
    if (ports === 'any') everything.push(rule.hit)
    else for (const range of ports) grants.push({ hit: rule.hit, ports: range })
  }
  if (everything.length + grants.length === 0) return NOTHING
  const unlimited = union(everything, [])
  const entries = PROTOCOLS.flatMap((protocol) => entriesOf(protocol, grants, unlimited))
  return judgementOf(entries, unlimited.length === 0 ? ISOLATED : verdictOf('accept', unlimited))
}

/**
 * Disjoint ports and ranges of one protocol. Single ports stand beside the ranges that contain them (they are asked first),
 * so that a hundred ports inside one range do not cut it into a hundred pieces.
 */
function entriesOf(protocol: Protocol, grants: readonly Grant[], everything: readonly Hit[]): Entry[] {
  const unlimited = new Set(everything) // ports of these would only cut the ranges of others into pieces that mean the same
  const numbered = grants.filter(({ hit, ports }) => ports.protocol === protocol && !unlimited.has(hit))
  if (numbered.length === 0) return []
  const ranges = disjoint(numbered.filter(({ ports }) => ports.first !== ports.last), everything)
  const exact = new Map<number, Hit[]>()
  for (const { hit, ports: { first, last } } of numbered) if (first === last) exact.set(first, [...(exact.get(first) ?? []), hit])
  const singles = [...exact].sort(([a], [b]) => a - b).flatMap(([port, hits]): Segment[] => {
    const around = at(ranges, port)?.verdict.hits ?? everything
    const all = union(hits, around)
    return all.length === around.length ? [] : [{ first: port, last: port, verdict: verdictOf('accept', all) }]
  })
  const overridden = new Set(singles.map(({ first }) => first))
  return [...singles, ...ranges.filter(({ first, last }) => first !== last || !overridden.has(first))].map((segment) => ({ protocol, ...segment }))
}

/** Cuts overlapping ranges at each other's ends; neighbours with equal hits are joined again. */
function disjoint(grants: readonly Grant[], everything: readonly Hit[]): Segment[] {
  const cuts = [...new Set(grants.flatMap(({ ports: { first, last } }) => [first, last + 1]))].sort((a, b) => a - b)
  const starts = Map.groupBy(grants, ({ ports }) => ports.first)
  const ends = Map.groupBy(grants, ({ ports }) => ports.last + 1)
  const open = new Map<Hit, number>()
  const segments: Segment[] = []
  for (const [index, first] of cuts.entries()) {
    for (const { hit } of starts.get(first) ?? []) count(open, hit, 1)
    for (const { hit } of ends.get(first) ?? []) count(open, hit, -1)
    const end = cuts[index + 1]
    if (end === undefined || open.size === 0) continue
    appendAdjacent(segments, { first, last: end - 1, verdict: verdictOf('accept', union([...open.keys()], everything)) })
  }
  return segments
}

function appendAdjacent(segments: Segment[], next: Segment): void {
  if (segments.at(-1)?.last === next.first - 1) append(segments, next)
  else segments.push(next)
}

function count(open: Map<Hit, number>, hit: Hit, by: number): void {
  const now = (open.get(hit) ?? 0) + by
  if (now === 0) open.delete(hit)
  else open.set(hit, now)
}

/** The range that holds `port` (binary search), or undefined. */
function at(ranges: readonly Segment[], port: number): Segment | undefined {
  let low = 0
  let high = ranges.length - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    const range = ranges[middle]
    if (range === undefined || (range.first <= port && port <= range.last)) return range
    if (port < range.first) high = middle - 1
    else low = middle + 1
  }
  return undefined
}
