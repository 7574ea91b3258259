// The stage of one tier of ClusterNetworkPolicies. It is ordered: the first rule that matches decides; a Pass leaves the tier, and so
// does what no rule matches.
import type { Protocol } from '../../cluster/objects.ts'
import type { Tier } from '../../policy/types.ts'
import type { HitAction } from '../../policy/verdict.ts'
import { type ActivePolicy, type ActiveRule, isClusterPolicy, matching, type Peer, portsOf } from './active-policy.ts'
import { append, type Cover, LAST_PORT, type Segment } from './cover.ts'
import { type Entry, type Judgement, judgementOf, SILENT } from './judgement.ts'
import { NEXT, type Verdict, verdictOf } from './verdict.ts'

const ACTION = { accept: 'accept', deny: 'deny', pass: 'next' } as const satisfies Record<HitAction, Verdict['action']>
const DENIED_BY = { Admin: 'admin', Baseline: 'baseline' } as const

/** The order of the policies of one tier: by priority, then by name (equal priorities may come in any order, but always in the same). */
export function inOrder(policies: readonly ActivePolicy[]): ActivePolicy[] {
  const keyed = policies.flatMap((active) => (isClusterPolicy(active.policy) ? [{ active, ...active.policy }] : []))
  return keyed.sort((a, b) => a.priority - b.priority || (a.name < b.name ? -1 : 1)).map(({ active }) => active)
}

/** @param rules of all policies of the tier that apply to the pod in the direction, in order */
export function tierStage(tier: Tier, rules: readonly ActiveRule[], peer: Peer): Judgement {
  const decisive: Entry[] = []
  let rest = NEXT
  for (const rule of matching(rules, peer)) {
    const ports = portsOf(rule, peer)
    const verdict = verdictOf(ACTION[rule.hit.action], [rule.hit], rule.hit.action === 'deny' ? DENIED_BY[tier] : undefined)
    if (ports === 'any') {
      rest = verdict
      break // no rule behind this one is reached
    }
    for (const range of ports) decisive.push({ protocol: range.protocol, first: range.first, last: range.last, verdict })
  }
  if (decisive.length === 0 && rest === NEXT) return SILENT
  return judgementOf(rest, (protocol) => firstOf(protocol, decisive, rest))
}

/** Of overlapping entries the first holds. Each piece between two ends is painted once, and then skipped. */
function firstOf(protocol: Protocol, entries: readonly Entry[], rest: Verdict): Cover {
  const own = entries.filter((entry) => entry.protocol === protocol)
  const starts = [...new Set([0, ...own.flatMap(({ first, last }) => [first, last + 1])])].filter((port) => port <= LAST_PORT).sort((a, b) => a - b)
  const indexOf = new Map(starts.map((port, index) => [port, index]))
  const painted: (Verdict | undefined)[] = starts.map(() => undefined)
  const skip = starts.map((_, index) => index) // where the next piece is that may not be painted yet
  const next = (index: number): number => {
    let at = index
    while (at < starts.length && skip[at] !== at) at = skip[at] = skip[skip[at] ?? at] ?? starts.length
    return at
  }
  for (const { first, last, verdict } of own) {
    for (let at = next(indexOf.get(first) ?? 0); at < starts.length && (starts[at] ?? 0) <= last; at = next(at)) {
      painted[at] = verdict
      skip[at] = at + 1
    }
  }
  const segments: Segment[] = []
  starts.forEach((first, index) => append(segments, { first, last: (starts[index + 1] ?? LAST_PORT + 1) - 1, verdict: painted[index] ?? rest }))
  return segments
}
