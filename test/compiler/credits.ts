// The evaluator's reasons as the compiler counts them.
import type { PolicyKey } from '../../src/cluster/objects.ts'
import { hitCounter } from '../../src/compiler/counter-names.ts'
import type { Hit } from '../../src/compiler/stages/verdict.ts'
import type { CounterName } from '../../src/nftables/content.ts'
import type { Direction } from '../../src/policy/types.ts'
import type { DeniedBy, DirectionVerdict, HitAction, RuleRef } from '../../src/policy/verdict.ts'

/** Hits of NetworkPolicies, in the order of their keys. */
export function acceptedBy(policies: Iterable<PolicyKey>): Hit[] {
  return [...new Set(policies)].sort().map((policy) => ({ key: policy, policy, action: 'accept', rule: undefined }))
}

/** The counters of these hits, in the order in which stages count: each rule of a tier has its own, NetworkPolicies one together. */
export function countersOf(direction: Direction, hits: readonly Hit[]): CounterName[] {
  const accepting = hits.filter(({ rule }) => rule === undefined)
  return [
    ...hits.filter(({ rule }) => rule !== undefined).map((hit) => hitCounter(direction, [hit])),
    ...(accepting.length === 0 ? [] : [hitCounter(direction, accepting)]),
  ]
}

/** Every rule that has a part in a verdict, in the order in which stages are asked. */
export function creditsOf({ passedBy, decidedBy, allowedBy, reason }: DirectionVerdict): Hit[] {
  const ofCluster = [
    ...passedBy.map((rule) => ruleHit(rule, 'pass')),
    ...(decidedBy === undefined ? [] : [ruleHit(decidedBy, reason === 'accepted' ? 'accept' : 'deny')]),
  ]
  return [...ofCluster, ...acceptedBy(allowedBy.map(({ policy }) => policy))]
}

function ruleHit({ policy, rule }: RuleRef, action: HitAction): Hit {
  return { key: `${policy}/${action}-${rule}`, policy, action, rule }
}

/** What denied, of a verdict that denies. */
export function deniedBy({ decidedBy }: DirectionVerdict): DeniedBy {
  if (decidedBy === undefined) return 'isolation'
  return decidedBy.tier === 'Admin' ? 'admin' : 'baseline'
}
