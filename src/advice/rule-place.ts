// The rules of a policy with their places in the object, and with their peers as the compiler knows them.
import type { Reach } from '../compiler/peers/reach.ts'
import type { Queries } from '../compiler/queries.ts'
import type { ActiveRule, AnyPolicy } from '../compiler/stages/active-policy.ts'
import { type ClusterRule, type Direction, DIRECTIONS, type Rule } from '../policy/types.ts'

export interface RulePlace {
  readonly policy: AnyPolicy
  readonly direction: Direction
  /** `spec.ingress[0]` */
  readonly path: string
  readonly rule: Rule | ClusterRule
  /** The same with its peers as the compiler knows them. */
  readonly active: ActiveRule
  /** What its peers are asked of. */
  readonly reach: Reach
  /** Rules of the direction before it. */
  readonly earlier: readonly ActiveRule[]
}

const PEERS = { ingress: 'from', egress: 'to' } as const

/** Returns the name of the list of peers. */
export function peersOf({ direction }: RulePlace): 'from' | 'to' {
  return PEERS[direction]
}

/** None if the policy selects no pod of this node. */
export function* rulesOf(policy: AnyPolicy, queries: Queries): Iterable<RulePlace> {
  const reach = queries.reach(policy.key)
  if (queries.active(policy.key)?.policy !== policy || reach === undefined) return
  for (const direction of DIRECTIONS) {
    const rules: readonly (Rule | ClusterRule)[] = policy[direction] ?? []
    const known = queries.active(policy.key)?.rules[direction] ?? []
    for (const [index, active] of known.entries()) {
      const rule = rules[index]
      const path = `spec.${direction}[${index}]`
      if (rule !== undefined) yield { policy, direction, path, rule, active, reach, earlier: known.slice(0, index) }
    }
  }
}
