// All 48 situations, by number.
import { EGRESS } from './egress.ts'
import { PEERS } from './peers.ts'
import { PORTS } from './ports.ts'
import { PROTOCOLS } from './protocols.ts'
import type { Situation } from './situation.ts'
import { UPDATES } from './updates.ts'

export const SITUATIONS: readonly Situation[] = [...PEERS, ...PORTS, ...UPDATES, ...EGRESS, ...PROTOCOLS].sort((a, b) => {
  return a.number - b.number
})
