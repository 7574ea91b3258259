// Names of the kernel's counters: one for each direction and set of policies, one for each local pod and direction.
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import type { PodKey, PolicyKey } from '../cluster/objects.ts'
import type { CounterName } from '../nftables/content.ts'
import type { Direction } from '../policy/types.ts'

/** `NFT_NAME_MAXLEN` is 256 with the final zero. */
const LONGEST = 255
const PLAIN = /^[a-z0-9.-]+\/[a-z0-9.-]+$/

/** How a direction is called in names of sets, chains and counters. */
export const SHORT: Readonly<Record<Direction, 'in' | 'out'>> = { ingress: 'in', egress: 'out' }

/**
 * The counter of the connections that exactly these policies allow: `in/namespace/policy`, or `in/set-HASH` for several.
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

function named(prefix: string, what: string, key: string): CounterName {
  const plain = `${prefix}/${key}`
  return (PLAIN.test(key) && plain.length <= LONGEST ? plain : `${prefix}/${what}-${hash(key)}`) as CounterName
}

function hash(text: string): string {
  return bytesToHex(sha256(utf8ToBytes(text)).subarray(0, 8))
}
