// What the numbers of tiers and of verdicts tell. The program compares their bits (judgement.ts), which costs no look-up.

/** What `*_tiers` says of an address: which tiers have ClusterNetworkPolicies for it. */
export const TIERS = { admin: 1, baselineAlone: 2 } as const

/** What a rule of a ClusterNetworkPolicy does to a connection. */
export type Outcome = 'accept' | 'deny' | 'pass'

/** The bits of a verdict's number that say its outcome. */
export const OUTCOME_BITS = 0xc0000000
export const OUTCOME: Readonly<Record<Outcome, number>> = { accept: 0, pass: 0x40000000, deny: 0x80000000 }

/** Numbers below the bits: 0 would be nft's "none". */
export const LARGEST_VERDICT = 0x3ffffffe

/** @returns the outcome of a verdict by its number */
export function outcomeOf(verdict: number): Outcome {
  const bits = (verdict & OUTCOME_BITS) >>> 0
  if (bits === OUTCOME.deny) return 'deny'
  return bits === OUTCOME.pass ? 'pass' : 'accept'
}
