// How long tests and the lab wait for a state before they fail. Nothing here depends on how fast the machine is: a test waits for
// the state that it expects, and fails on a wrong one, or when this time is over. Durations are measured in bench/.
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'

/** Longest wait for one state, in ms. VETHGUARD_PATIENCE is a factor, for machines that are very slow. */
export const PATIENCE_MS = 60_000 * Number(process.env['VETHGUARD_PATIENCE'] ?? 1)

/** The share of repetitions that is done where they only make it likelier that something rare is seen. */
const REPEATS = Number(process.env['VETHGUARD_REPEATS'] ?? 1)

const POLL_MS = 1
/** By the machine, also if a test holds performance.now(). */
const clock = performance.now.bind(performance)
/** An idle machine has done by then what it does without being asked. */
const QUIET_MS = 200

/**
 * Asks again and again until the answer is not false or undefined.
 * @param what is waited for, and what is there instead; for the error
 * @returns that answer
 * @throws Error after PATIENCE_MS; whatever `ask` throws
 */
export async function until<T>(ask: () => T | Promise<T>, what: string | (() => string) = () => ask.toString()): Promise<Exclude<T, false | undefined>> {
  const deadlineMs = clock() + PATIENCE_MS
  for (;;) {
    const answer = await ask()
    if (answer !== false && answer !== undefined) return answer as Exclude<T, false | undefined>
    if (clock() > deadlineMs) throw new Error(`waited ${PATIENCE_MS / 1000} s in vain: ${typeof what === 'string' ? what : what()}`)
    await sleep(POLL_MS)
  }
}

/** How often to repeat what is repeated to find what is rare: this often, or less on machines that are very slow (VETHGUARD_REPEATS=0.1). */
export function repeats(times: number): number {
  return Math.max(1, Math.round(times * REPEATS))
}

/**
 * A pause in which nothing is to happen. A busy machine may hide in it that something wrong does happen, but nothing right fails for
 * it. To be used only where no event shows that all is over.
 */
export async function quietly(ms = QUIET_MS): Promise<void> {
  await sleep(ms)
}
