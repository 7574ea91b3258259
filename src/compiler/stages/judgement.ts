// What a stage says of a peer, for every protocol and port: a few entries, and a verdict for everything else.
import type { Protocol } from '../../cluster/objects.ts'
import { ISOLATED, NEXT, type Verdict } from './verdict.ts'

export interface PortRange {
  readonly protocol: Protocol
  readonly first: number
  readonly last: number
}

export interface Entry extends PortRange {
  readonly verdict: Verdict
}

/** A port's own entry comes before the range around it, and any entry before `rest`. */
export interface Judgement {
  /** Single ports. */
  readonly ports: readonly Entry[]
  /** Disjoint in each protocol, two ports at least. */
  readonly ranges: readonly Entry[]
  /** Every other port, and protocols without ports. */
  readonly rest: Verdict
}

export const PROTOCOLS: readonly Protocol[] = ['SCTP', 'TCP', 'UDP']

/** No rule of a tier matches. */
export const SILENT: Judgement = { ports: [], ranges: [], rest: NEXT }
/** Isolated, and nothing is allowed. */
export const NOTHING: Judgement = { ports: [], ranges: [], rest: ISOLATED }

export function judgementOf(entries: readonly Entry[], rest: Verdict): Judgement {
  return {
    ports: entries.filter(({ first, last }) => first === last),
    ranges: entries.filter(({ first, last }) => first !== last),
    rest,
  }
}
