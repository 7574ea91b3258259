// How long a change takes from the file to the wire: a crafted packet every half millisecond, until one fares otherwise.
import { PATIENCE_MS } from '../lab/patience.ts'
import type { Prober } from '../lab/prober.ts'
import type { Attempt } from './matrix.ts'

/** Between packets, for the agent, which may have to share this CPU. */
const PAUSE_MS = 0.5

/**
 * Makes an edit and watches one connection's verdict turn. Nothing else happens in this process meanwhile.
 * @returns ms from the edit to the verdict of the first packet that fares otherwise
 * @throws Error when it does not turn in PATIENCE_MS
 */
export function timeSwitch(prober: Prober, { from, to, family }: Attempt, edit: () => void): number {
  const probe = { protocol: to.protocol, port: to.port, family }
  const isOpen = (): boolean => prober.probe({ from: from.host, to: to.actor.host, probe }) === 'allowed'
  const before = isOpen()
  const startedAt = performance.now()
  edit()
  for (;;) {
    const turned = isOpen() !== before
    const durationMs = performance.now() - startedAt
    if (turned) return durationMs
    if (durationMs > PATIENCE_MS) throw new Error('the label was changed, and nothing came of it')
    pause()
  }
}

/** Holds the thread: between the edit and the verdict no other callback may run. */
function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS)
}
