// Waiting that can be ended early.
import { setTimeout as delay } from 'node:timers/promises'

/** Resolves after so long, or as soon as the signal is aborted. Never rejects. */
export type Sleep = (ms: number, signal: AbortSignal) => Promise<void>

export const sleep: Sleep = (ms, signal) => delay(ms, undefined, { signal }).catch(() => undefined)
