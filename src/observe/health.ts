// What probes are told. Liveness asks whether this process works, and not whether anybody else does: rules stay in force without an
// API server, and agents that restart together would only make its return harder.
import type { AgentView } from '../agent/view.ts'
import type { KubeStatus } from './watch-metrics.ts'

export interface Health {
  readonly isGood: boolean
  /** For people: one line for each thing. */
  readonly text: string
}

/** The agent looks after its tables twice a second; a transaction with everything takes seconds where the kernel is busy. */
const LONGEST_SILENCE_MS = 60_000

/** @param nowMs by performance.now() */
export function liveness({ checkedAtMs, busySinceMs }: Pick<AgentView, 'checkedAtMs' | 'busySinceMs'>, nowMs: number): Health {
  const busyMs = nowMs - (busySinceMs ?? nowMs)
  if (busyMs > LONGEST_SILENCE_MS) return { isGood: false, text: `stuck: the kernel has not answered for ${Math.round(busyMs / 1000)} s\n` }
  if (checkedAtMs === undefined) return { isGood: true, text: 'alive: starting\n' }
  const silentMs = nowMs - checkedAtMs
  if (silentMs <= LONGEST_SILENCE_MS) return { isGood: true, text: 'alive\n' }
  return { isGood: false, text: `stuck: the agent has not looked after its tables for ${Math.round(silentMs / 1000)} s\n` }
}

/** A probe says the same of a dry run; people are told that nothing comes of it. */
export function asDryRun({ isGood, text }: Health): Health {
  return { isGood, text: `${text}dry run: the kernel is left as it is\n` }
}

/** @param status of the API server's resources; empty: not asked yet, or there is no API server */
export function readiness({ isReady }: Pick<AgentView, 'isReady'>, status: KubeStatus): Health {
  const missing = [...status].filter(([, { synced }]) => !synced)
  const waits = missing.map(([resource, { error }]) => `${resource} are not read yet${error === undefined ? '' : `: ${error}`}`)
  if (isReady) return { isGood: true, text: ['ready', ...waits, ''].join('\n') } // those that nothing waits for
  const isAllRead = status.size > 0 && missing.length === 0
  const lines = isAllRead ? ['everything is read, and the kernel has not confirmed it yet'] : waits
  return { isGood: false, text: ['not ready', ...(lines.length === 0 ? ['nothing is read yet'] : lines), ''].join('\n') }
}
