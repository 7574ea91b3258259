// What the agent tells while it works: for metrics and health. Nothing here knows who listens.

/** Where something failed: finding veths, committing, comparing kernel and desired state, reading counters. */
export type Stage = 'veths' | 'commit' | 'compare' | 'counters'

/**
 * Why the tables were recreated or repaired.
 * handle: another process removed or replaced a table. content: elements, counters or rules were not what they should be.
 * refused: the kernel refused a change.
 */
export type RepairReason = 'handle' | 'content' | 'refused'

export interface Commit {
  /** Changes of the cluster that it brought; 0 where only veths changed. */
  readonly changes: number
  /** From the arrival of the first of them (its last byte, where it came over a connection) to the kernel's confirmation, in ms. */
  readonly durationMs: number
  /** Of the transaction alone, in ms. */
  readonly transactionMs: number
  /** Elements added and deleted. */
  readonly elements: number
  /** Both tables were recreated. */
  readonly whole: boolean
}

/** Called as it happens. Must not throw. */
export interface AgentObserver {
  committed?(commit: Commit): void
  /** @param reason a word for a label: an error's code, or the name of its errno */
  failed?(stage: Stage, reason: string): void
  repaired?(reason: RepairReason): void
}
