// Names of the kernel's counters, and what each counts: one for each direction and set of hits, one for each local pod, direction and way
// of being denied.
import { digest } from '../base/hash.ts'
import { kindOfPolicy, type PodKey, policyName, type PolicyKey } from '../cluster/objects.ts'
import type { CounterName } from '../nftables/content.ts'
import type { Direction } from '../policy/types.ts'
import type { DeniedBy, HitAction } from '../policy/verdict.ts'
import type { Hit } from './stages/verdict.ts'

/** What a counter counts: connections in which exactly these rules have a part (sorted), or packets from or to a pod that were denied. */
export type CounterMeaning =
  | { readonly kind: 'hits'; readonly direction: Direction; readonly hits: readonly Hit[] }
  | { readonly kind: 'denied'; readonly direction: Direction; readonly by: DeniedBy; readonly pod: PodKey }

/** `NFT_NAME_MAXLEN` is 256 with the final zero. */
const LONGEST = 255
const PAST = 'past-'
const PLAIN = /^[a-z0-9.-]+(\/[a-z0-9.-]+){1,2}$/

/** How a direction is called in names of sets, chains and counters. */
export const SHORT: Readonly<Record<Direction, 'in' | 'out'>> = { ingress: 'in', egress: 'out' }

/** Names of ClusterNetworkPolicies follow this, where a namespace stands in others; four parts tell the two apart. */
const CLUSTER = 'cluster'

export function counterName(meaning: CounterMeaning): CounterName {
  return meaning.kind === 'hits' ? hitCounter(meaning.direction, meaning.hits) : denyCounter(meaning.direction, meaning.pod, meaning.by)
}

/**
 * The counter of the connections in which exactly these have a part: `in/namespace/policy`, `in/cluster/policy/deny-3` for a rule of a
 * ClusterNetworkPolicy, or `in/set-HASH` for several (counter-members.ts tells of which).
 * A name that nft could not write or hold becomes `in/policy-HASH`.
 * @param hits sorted
 */
export function hitCounter(direction: Direction, hits: readonly Pick<Hit, 'key' | 'policy'>[]): CounterName {
  const [only] = hits
  const short = SHORT[direction]
  if (hits.length !== 1 || only === undefined) return `${short}/set-${digest(hits.map(({ key }) => key).join('\n'))}` as CounterName
  return named(short, 'policy', clusterPrefix(only.policy) + only.key.replace(/^\//, ''))
}

/** The counter of packets to (from) this pod that were denied: `deny-in/namespace/pod`, by a tier `deny-admin-in/namespace/pod`. */
export function denyCounter(direction: Direction, pod: PodKey, by: DeniedBy = 'isolation'): CounterName {
  return named(denyPrefix(direction, by), 'pod', pod)
}

/** The counter, which nothing counts with, that holds what counters of this policy had when they went: `past-in/namespace/policy`. */
export function pastHits(direction: Direction, policy: PolicyKey, action: HitAction): CounterName {
  const isCluster = kindOfPolicy(policy) === 'ClusterNetworkPolicy'
  return named(`${PAST}${SHORT[direction]}`, 'policy', isCluster ? `${CLUSTER}/${policyName(policy)}/${action}` : policy)
}

/** The same of a pod: `past-deny-in/namespace/pod`. */
export function pastDenials(direction: Direction, pod: PodKey, by: DeniedBy): CounterName {
  return named(`${PAST}${denyPrefix(direction, by)}`, 'pod', pod)
}

function denyPrefix(direction: Direction, by: DeniedBy): string {
  return by === 'isolation' ? `deny-${SHORT[direction]}` : `deny-${by}-${SHORT[direction]}`
}

function clusterPrefix(policy: PolicyKey): string {
  return kindOfPolicy(policy) === 'ClusterNetworkPolicy' ? `${CLUSTER}/` : ''
}

/** The same for counters that are there whatever the policies are. */
export function ownPast(name: CounterName): CounterName {
  return `${PAST}${name}` as CounterName
}

/** Names of counters that keep the past. */
export function isPast(name: CounterName): boolean {
  return name.startsWith(PAST)
}

function named(prefix: string, what: string, key: string): CounterName {
  const plain = `${prefix}/${key}`
  return (PLAIN.test(key) && plain.length <= LONGEST ? plain : `${prefix}/${what}-${digest(key)}`) as CounterName
}
