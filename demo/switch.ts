// How long a change takes from the file to the wire: one crafted packet after another, until one fares as it should.
import type { Prober } from '../test/lab/prober.ts'
import type { Attempt } from './matrix.ts'

const PATIENCE_MS = 3000

/**
 * Makes an edit and watches one connection's verdict turn. Nothing else happens in this process meanwhile.
 * @returns ms from the edit to the sending of the first packet with the new verdict
 * @throws Error when it does not turn in three seconds
 */
export function timeSwitch(prober: Prober, { from, to, family }: Attempt, edit: () => void): number {
  const probe = { protocol: to.protocol, port: to.port, family }
  const isOpen = (): boolean => prober.probe({ from: from.host, to: to.actor.host, probe }) === 'allowed'
  const before = isOpen()
  const startedAt = performance.now()
  edit()
  for (;;) {
    const durationMs = performance.now() - startedAt
    if (isOpen() !== before) return durationMs
    if (durationMs > PATIENCE_MS) throw new Error('the label was changed three seconds ago, and nothing came of it')
  }
}
