// How long a change takes from the file to the wire: one crafted packet after another, until one fares as it should.
import type { Prober } from '../test/lab/prober.ts'
import { type Attempt } from './matrix.ts'

export interface Switch {
  /** From the edit to the sending of the first packet with the new verdict. */
  readonly durationMs: number
  /** Packets that had the old verdict until then. */
  readonly packets: number
}

const PATIENCE_MS = 3000

/**
 * Makes an edit and watches one connection's verdict turn. Nothing else happens in this process meanwhile.
 * @throws Error when it does not turn in three seconds
 */
export function timeSwitch(prober: Prober, { from, to, family }: Attempt, edit: () => void): Switch {
  const probe = { protocol: to.protocol, port: to.port, family }
  const isOpen = (): boolean => prober.probe({ from: from.host, to: to.actor.host, probe }) === 'allowed'
  const before = isOpen()
  const startedAt = performance.now()
  edit()
  for (let packets = 0; ; packets++) {
    const durationMs = performance.now() - startedAt
    if (isOpen() !== before) return { durationMs, packets }
    if (durationMs > PATIENCE_MS) throw new Error('the label was changed three seconds ago, and nothing came of it')
  }
}
