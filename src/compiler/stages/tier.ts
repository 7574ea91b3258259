// The stage of one tier of ClusterNetworkPolicies. It is ordered: the first rule that matches decides; a Pass leaves the tier, and so
// does what no rule matches.
import type { Protocol } from '../../cluster/objects.ts'
import type { HitAction } from '../../policy/verdict.ts'
import { type ActivePolicy, isClusterPolicy, type Peer, portsOf } from './active-policy.ts'
import { type Entry, type Judgement, judgementOf, PROTOCOLS, SILENT } from './judgement.ts'
import type { RuleIndex } from './rule-index.ts'
import { append, entriesOf, LAST_PORT, type Segment } from './segments.ts'
import { NEXT, type Verdict, verdictOf } from './verdict.ts'

const ACTION = { accept: 'accept', deny: 'deny', pass: 'next' } as const satisfies Record<HitAction, Verdict['action']>

/** The order of the policies of one tier: by priority, then by name (equal priorities may come in any order, but always in the same). */
export function inOrder(policies: readonly ActivePolicy[]): ActivePolicy[] {
  const keyed = policies.flatMap((active) => (isClusterPolicy(active.policy) ? [{ active, ...active.policy }] : []))
  return keyed.sort((a, b) => a.priority - b.priority || (a.name < b.name ? -1 : 1)).map(({ active }) => active)
}

/** @param rules of all policies of the tier that apply to the pod in the direction, in order */
export function tierStage(rules: RuleIndex, peer: Peer): Judgement {
  const decisive: Entry[] = []
  let rest = NEXT
  for (const rule of rules.matching(peer.holds)) {
    const ports = portsOf(rule, peer)
    const verdict = verdictOf(ACTION[rule.hit.action], [rule.hit])
    if (ports === 'any') {
      rest = verdict
      break // no rule behind this one is reached
    }
    for (const range of ports) decisive.push({ protocol: range.protocol, first: range.first, last: range.last, verdict })
  }
  if (decisive.length === 0 && rest === NEXT) return SILENT
  return judgementOf(PROTOCOLS.flatMap((protocol) => entriesOf(protocol, firstOf(protocol, decisive, rest), rest)), rest)
}

/** Of overlapping entries the first holds. Each piece between two ends is painted once, and then skipped. */
function firstOf(protocol: Protocol, entries: readonly Entry[], rest: Verdict): Segment[] {
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
