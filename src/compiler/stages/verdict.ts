// What a stage says of a connection, and which policies have a part in it.
import type { PolicyKey } from '../../cluster/objects.ts'
import type { DeniedBy, HitAction } from '../../policy/verdict.ts'

/** A policy's part in a connection; one object for each rule of a ClusterNetworkPolicy, one for each NetworkPolicy. */
export interface Hit {
  /** Names it, and orders those of one verdict: `shop/web`, of a rule `/edge/deny-3`. */
  readonly key: string
  readonly policy: PolicyKey
  readonly action: HitAction
  /** Of a ClusterNetworkPolicy: position in its rules of the direction. NetworkPolicies are counted as a whole. */
  readonly rule: number | undefined
}

/** 'next': the following stage decides. */
export interface Verdict {
  readonly action: 'accept' | 'deny' | 'next'
  /** Of a denial. */
  readonly by: DeniedBy | undefined
  /** Ascending keys. What led here, rules that passed included. */
  readonly hits: readonly Hit[]
  /** Equal verdicts have equal keys. */
  readonly key: string
}

export function verdictOf(action: Verdict['action'], hits: readonly Hit[], by?: DeniedBy): Verdict {
  return { action, by, hits, key: `${by ?? action} ${hits.map(({ key }) => key).join(' ')}` }
}

export const NEXT = verdictOf('next', [])
/** A NetworkPolicy isolates, and none allows it. */
export const ISOLATED = verdictOf('deny', [], 'isolation')

/** The verdict of two stages, the upper one asked first. */
export function followed(upper: Verdict, lower: Verdict): Verdict {
  if (upper.action !== 'next') return upper
  return upper.hits.length === 0 ? lower : verdictOf(lower.action, union(upper.hits, lower.hits), lower.by)
}

/** What no stage decides is accepted. */
export function decided(verdict: Verdict): Verdict {
  return verdict.action === 'next' ? verdictOf('accept', verdict.hits) : verdict
}

/** Sorted by key, without duplicates. */
export function union(a: readonly Hit[], b: readonly Hit[]): readonly Hit[] {
  const byKey = new Map([...a, ...b].map((hit) => [hit.key, hit]))
  return byKey.size === 1 ? [...byKey.values()] : [...byKey.values()].sort((one, other) => (one.key < other.key ? -1 : 1))
}
