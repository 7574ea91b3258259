// What a policy cannot do although it seems to: said to its author, since nothing is wrong with the object itself.
import type { PolicyKey } from '../cluster/objects.ts'

export const WARNING_REASONS = ['selects-no-pod', 'named-port-unknown', 'ipblock-in-service-range', 'peer-matches-nothing'] as const

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

/** One after the other; undefined: nothing yet, and others may have a turn. */
export type Found = Iterable<Warning | undefined>

/** For people: with policy and field. */
export function warningText({ policy, field, message }: Warning): string {
  return `NetworkPolicy ${policy}: ${field} ${message}`
}
