// Names of the kernel's counters, and what each counts: one for each direction and set of policies, one for each local pod and direction.
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import type { PodKey, PolicyKey } from '../cluster/objects.ts'
import type { CounterName } from '../nftables/content.ts'
import type { Direction } from '../policy/types.ts'

/** What a counter counts: connections that exactly these policies allow (sorted), or packets that nothing allows from or to a pod. */
export type CounterMeaning =
  | { readonly kind: 'hits'; readonly direction: Direction; readonly policies: readonly PolicyKey[] }
  | { readonly kind: 'denied'; readonly direction: Direction; readonly pod: PodKey }

/** `NFT_NAME_MAXLEN` is 256 with the final zero. */
const LONGEST = 255
const PAST = 'past-'
const PLAIN = /^[a-z0-9.-]+\/[a-z0-9.-]+$/

/** How a direction is called in names of sets, chains and counters. */
export const SHORT: Readonly<Record<Direction, 'in' | 'out'>> = { ingress: 'in', egress: 'out' }

export function counterName(meaning: CounterMeaning): CounterName {
  return meaning.kind === 'hits' ? hitCounter(meaning.direction, meaning.policies) : denyCounter(meaning.direction, meaning.pod)
}

/**
 * The counter of the connections that exactly these policies allow: `in/namespace/policy`, or `in/set-HASH` for several
 * (members.ts tells of which).
 * A name that nft could not write or hold becomes `in/policy-HASH`.
 * @param policies sorted
 */
export function hitCounter(direction: Direction, policies: readonly PolicyKey[]): CounterName {
  const [only] = policies
  const short = SHORT[direction]
  if (policies.length !== 1 || only === undefined) return `${short}/set-${hash(policies.join('\n'))}` as CounterName
  return named(short, 'policy', only)
}

/** The counter of packets to (from) this pod that no policy allows: `deny-in/namespace/pod`. */
export function denyCounter(direction: Direction, pod: PodKey): CounterName {
  return named(`deny-${SHORT[direction]}`, 'pod', pod)
}

/**
 * The counter, which nothing counts with, that holds what counters of this policy had when they went: `past-in/namespace/policy`.
 * Of a pod: `past-deny-in/namespace/pod`.
 */
export function pastName(kind: CounterMeaning['kind'], direction: Direction, key: string): CounterName {
  const short = SHORT[direction]
  return kind === 'hits' ? named(`${PAST}${short}`, 'policy', key) : named(`${PAST}deny-${short}`, 'pod', key)
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
  return (PLAIN.test(key) && plain.length <= LONGEST ? plain : `${prefix}/${what}-${hash(key)}`) as CounterName
}

function hash(text: string): string {
  return bytesToHex(sha256(utf8ToBytes(text)).subarray(0, 8))
}
