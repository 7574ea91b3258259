// How a line of the policy log reads: what it says of a NetworkPolicy, and of a ClusterNetworkPolicy.
import { kindOfPolicy, type PolicyKey, type PolicyKind, policyName } from '../cluster/objects.ts'
import type { Queries } from '../compiler/queries.ts'
import { type AnyPolicy, isClusterPolicy } from '../compiler/stages/active-policy.ts'
import { type ClusterRule, type Direction, DIRECTIONS, type Rule } from '../policy/types.ts'
import type { Line } from './few-lines.ts'

export type PolicyEvent = 'accepted' | 'changed' | 'removed'

interface Words {
  readonly title: string
  /** What follows if nothing that the policy allows is left. */
  readonly rejected: string
  /** What follows from the parts that could not be read. */
  readonly partly: string
}

const WORDS: Readonly<Record<PolicyKind, Words>> = {
  NetworkPolicy: {
    title: 'policy',
    rejected: 'it isolates the pods it selects and allows nothing (fail closed)',
    partly: 'what of it could not be read allows nothing (fail closed)',
  },
  ClusterNetworkPolicy: {
    title: 'cluster policy',
    rejected: 'it accepts and passes nothing; rules that deny, or may have been meant to, deny (fail closed)',
    partly: 'what of it could not be read accepts nothing, and denies what it may have been meant to deny (fail closed)',
  },
}

/** How many pods of this node a policy applies to. */
export type PodCounts = Readonly<Record<Direction, number>>

export function podCounts(key: PolicyKey, queries: Queries): PodCounts {
  return { ingress: queries.podsOf(key, 'ingress'), egress: queries.podsOf(key, 'egress') }
}

export function policyLine(event: PolicyEvent, policy: AnyPolicy, pods: PodCounts): Line {
  return { level: 'info', fields: fieldsOf(policy, pods), text: `${wordsOf(policy).title} ${event}` }
}

/** @param why what could not be read */
export function brokenPolicyLine(event: PolicyEvent, policy: AnyPolicy, pods: PodCounts, why: string): Line {
  const { title, rejected, partly } = wordsOf(policy)
  const text = allowsNothing(policy) ? `${title} rejected: ${rejected}` : `${title} ${event} in part: ${partly}`
  return { level: 'warn', fields: { ...fieldsOf(policy, pods), why }, text }
}

/** Whether no rule accepts, or passes on, anything. */
export function allowsNothing(policy: AnyPolicy): boolean {
  const rules = DIRECTIONS.flatMap((direction): readonly (Rule | ClusterRule)[] => policy[direction] ?? [])
  return rules.every((rule) => isDeny(rule) || rule.peers.length === 0 || rule.ports.length === 0)
}

function isDeny(rule: Rule | ClusterRule): boolean {
  return 'action' in rule && rule.action === 'Deny'
}

function fieldsOf(policy: AnyPolicy, pods: PodCounts): Line['fields'] {
  const name = policyName(policy.key)
  return isClusterPolicy(policy) ? { policy: name, tier: policy.tier, priority: policy.priority, appliesTo: pods } : { policy: name, isolates: pods }
}

function wordsOf({ key }: AnyPolicy): Words {
  return WORDS[kindOfPolicy(key)]
}
