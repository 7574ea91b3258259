// What the numbers of judged addresses and of verdicts tell by their highest bits. The program compares these bits (judgement.ts), which
// costs no look-up.

/** What `*_judged` says of an address: how it is judged. */
export const JUDGED = {
  /** By NetworkPolicies alone. */
  network: 1,
  /** By ClusterNetworkPolicies first. */
  tiers: 0x80000001,
  /** The same, but none of them is in tier Admin. */
  baseline: 0xc0000001,
} as const

export const TIERS_BIT = 0x80000000
export const NO_ADMIN_BIT = 0x40000000

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
