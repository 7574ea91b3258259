// What a stage says of a connection, and which policies have a part in it.
import type { PolicyKey } from '../../cluster/objects.ts'
import type { HitAction } from '../../policy/verdict.ts'

/** A policy's part in a connection; one object for each rule of a ClusterNetworkPolicy, one for each NetworkPolicy. */
export interface Hit {
  /** Names it, and orders those of one verdict: `shop/web`, of a rule `/edge/deny-3`. */
  readonly key: string
  readonly policy: PolicyKey
  readonly action: HitAction
  /** Of a ClusterNetworkPolicy: position in its rules of the direction. NetworkPolicies are counted as a whole. */
  readonly rule: number | undefined
}

/** 'next': the following stage decides, by a Pass (with its hit) or because no rule matches. */
export interface Verdict {
  readonly action: 'accept' | 'deny' | 'next'
  /** Ascending keys: every NetworkPolicy that accepts, or the one rule of a tier that matches first. */
  readonly hits: readonly Hit[]
  /** Equal verdicts have equal keys. */
  readonly key: string
}

export function verdictOf(action: Verdict['action'], hits: readonly Hit[]): Verdict {
  return { action, hits, key: `${action} ${hits.map(({ key }) => key).join('\n')}` }
}

export const NEXT = verdictOf('next', [])
/** A NetworkPolicy isolates, and none allows it. */
export const ISOLATED = verdictOf('deny', [])

/** Sorted by key, without duplicates. */
export function union(a: readonly Hit[], b: readonly Hit[]): readonly Hit[] {
  const byKey = new Map([...a, ...b].map((hit) => [hit.key, hit]))
  return byKey.size === 1 ? [...byKey.values()] : [...byKey.values()].sort((one, other) => (one.key < other.key ? -1 : 1))
}
