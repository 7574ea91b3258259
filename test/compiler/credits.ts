// The evaluator's reasons as the compiler counts them.
import type { PolicyKey } from '../../src/cluster/objects.ts'
import type { Hit } from '../../src/compiler/stages/verdict.ts'
import type { DeniedBy, DirectionVerdict, HitAction, RuleRef } from '../../src/policy/verdict.ts'

/** Hits of NetworkPolicies, in the order of their keys. */
export function acceptedBy(policies: Iterable<PolicyKey>): Hit[] {
  return [...new Set(policies)].sort().map((policy) => ({ key: policy, policy, action: 'accept', rule: undefined }))
}

/** Every rule that has a part in a verdict. */
export function creditsOf({ passedBy, decidedBy, allowedBy, reason }: DirectionVerdict): Hit[] {
  const ofCluster = [
    ...passedBy.map((rule) => ruleHit(rule, 'pass')),
    ...(decidedBy === undefined ? [] : [ruleHit(decidedBy, reason === 'accepted' ? 'accept' : 'deny')]),
  ]
  return [...ofCluster, ...acceptedBy(allowedBy.map(({ policy }) => policy))].sort((a, b) => (a.key < b.key ? -1 : 1))
}

function ruleHit({ policy, rule }: RuleRef, action: HitAction): Hit {
  return { key: `${policy}/${action}-${rule}`, policy, action, rule }
}

/** What denied, of a verdict that denies. */
export function deniedBy({ decidedBy }: DirectionVerdict): DeniedBy {
  if (decidedBy === undefined) return 'isolation'
  return decidedBy.tier === 'Admin' ? 'admin' : 'baseline'
}
