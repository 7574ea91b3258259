// What a policy cannot do although it seems to: said to its author, since nothing is wrong with the object itself.
import { kindOfPolicy, type PolicyKey, policyName } from '../cluster/objects.ts'

export const WARNING_REASONS = [
  'selects-no-pod', 'named-port-unknown', 'ipblock-in-service-range', 'peer-matches-nothing', 'rule-never-reached',
] as const

/** A word for labels of metrics. */
export type WarningReason = (typeof WARNING_REASONS)[number]

export interface Warning {
  readonly policy: PolicyKey
  readonly reason: WarningReason
  /** Path as Kubernetes writes it: `spec.ingress[0].from[1].podSelector`. */
  readonly field: string
  /** What the field cannot do, what follows from it, and what to do. */
  readonly message: string
}

/** Something that a part of a rule cannot do. */
export interface Remark {
  /** Below the rule: `from[1].podSelector`. */
  readonly part: string
  readonly message: string
}

/** One after the other; undefined: nothing yet, and others may have a turn. */
export type Found = Iterable<Warning | undefined>
export type Remarks = Iterable<Remark | undefined>

/** For people: with policy and field. */
export function warningText(warning: Warning): string {
  return `${placeText(warning)} ${warning.message}`
}

/** `NetworkPolicy shop/web: spec.podSelector` */
export function placeText({ policy, field }: Pick<Warning, 'policy' | 'field'>): string {
  return `${kindOfPolicy(policy)} ${policyName(policy)}: ${field}`
}
