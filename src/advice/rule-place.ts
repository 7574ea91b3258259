// The rules of a policy with their places in the object, and with their peers as the compiler knows them.
import type { Queries } from '../compiler/queries.ts'
import type { ActiveRule } from '../compiler/stages/active-policy.ts'
import { type Direction, DIRECTIONS, type Policy, type Rule } from '../policy/types.ts'

export interface RulePlace {
  readonly policy: Policy
  readonly direction: Direction
  /** `spec.ingress[0]` */
  readonly path: string
  /** `spec.ingress[0].from` */
  readonly peersPath: string
  readonly rule: Rule
  /** The same with its peers as the compiler knows them. */
  readonly active: ActiveRule
}

const PEERS = { ingress: 'from', egress: 'to' } as const

/** None if the policy selects no pod of this node. */
export function* rulesOf(policy: Policy, queries: Queries): Iterable<RulePlace> {
  const known = queries.active(policy.key)
  if (known?.policy !== policy) return
  for (const direction of DIRECTIONS) {
    for (const [index, rule] of (policy[direction] ?? []).entries()) {
      const active = known.rules[direction]?.[index]
      const path = `spec.${direction}[${index}]`
      if (active !== undefined) yield { policy, direction, path, peersPath: `${path}.${PEERS[direction]}`, rule, active }
    }
  }
}
