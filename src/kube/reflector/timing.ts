// When a reflector gives up, and how it waits: what tests have otherwise.
import type { BackoffOptions } from '../../base/backoff.ts'
import { sleep, type Sleep } from '../../base/sleep.ts'

export interface Timing {
  /** Longest time without a byte on an open watch. */
  readonly silenceMs: number
  /** Longest time without a byte while the initial events come; then they are listed instead. */
  readonly initialSilenceMs: number
  /** A watch that lasted for so long was a success, even if nothing happened. */
  readonly stableMs: number
  /** Between two looks for resources that the API server does not serve: doubling from the first to the longest. */
  readonly lookAgainMs: BackoffOptions
  /** From "not served any more" to the second look, without which it is not believed. */
  readonly confirmMs: number
  /** So long ClusterNetworkPolicies wait for nodes to be read; without them, what selects nodes fails closed. */
  readonly nodesMs: number
  /** Uniform in [0, 1). */
  readonly random: () => number
  readonly sleep: Sleep
}

export const TIMING: Timing = {
  silenceMs: 150_000, // two bookmarks missed
  initialSilenceMs: 15_000,
  stableMs: 1000,
  lookAgainMs: { firstMs: 5000, longestMs: 60_000 },
  confirmMs: 3000, // an API server that has just started may not know all of its resources
  nodesMs: 30_000,
  random: Math.random,
  sleep,
}

/** How long the server is to keep a watch, in seconds: different for each, so that they do not all come back at once. */
export function watchSeconds(random: () => number): number {
  return Math.round(300 + 300 * random())
}
