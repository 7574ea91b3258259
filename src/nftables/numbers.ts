// What the numbers of lists and verdicts tell by their highest bits. The program compares these bits (judgement.ts), so that neither
// costs a look-up.

/** Set in the number of a list in which a ClusterNetworkPolicy has a say: its elements are in `ordered_*`, not in `verdict_*`. */
export const ORDERED = 0x80000000

/** What becomes of a connection. Each denial by the name of what denies: isolation, or the tier of a ClusterNetworkPolicy. */
export type Outcome = 'accept' | 'isolation' | 'admin' | 'baseline'

/** The bits of a verdict's number that say its outcome. */
export const OUTCOME_BITS = 0xc0000000
export const OUTCOME: Readonly<Record<Outcome, number>> = { accept: 0, isolation: 0x40000000, admin: 0x80000000, baseline: 0xc0000000 }

/** Numbers below the bits: 0 would be nft's "none", and all bits set its "root". */
export const LARGEST_LIST = 0x7ffffffe
export const LARGEST_VERDICT = 0x3ffffffe

/** @returns the outcome of a verdict by its number */
export function outcomeOf(verdict: number): Outcome {
  const bits = (verdict & OUTCOME_BITS) >>> 0
  if (bits === OUTCOME.admin) return 'admin'
  if (bits === OUTCOME.baseline) return 'baseline'
  return bits === OUTCOME.isolation ? 'isolation' : 'accept'
}
