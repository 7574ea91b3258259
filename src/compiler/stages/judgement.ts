// What a stage says of a peer, for every protocol and port: a few entries, and a verdict for everything else. And what several stages
// say one after the other.
import type { Protocol } from '../../cluster/objects.ts'
import { type Cover, coverOf, entriesOf, overlay } from './cover.ts'
import { decided, followed, ISOLATED, NEXT, type Verdict } from './verdict.ts'

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

/** A stage that has nothing to say. */
export const SILENT: Judgement = { ports: [], ranges: [], rest: NEXT }
/** Isolated, and nothing is allowed. */
export const NOTHING: Judgement = { ports: [], ranges: [], rest: ISOLATED }

/** What stages say one after the other; what none of them decides is accepted. */
export function fold(stages: readonly Judgement[]): Judgement {
  const folded = stages.reduceRight((lower, upper) => over(upper, lower), SILENT)
  return everyVerdict(folded, decided)
}

function over(upper: Judgement, lower: Judgement): Judgement {
  if (isSilent(upper)) return lower
  const known = new Map<Verdict, Map<Verdict, Verdict>>()
  const combine = (first: Verdict, second: Verdict): Verdict => {
    const after = known.get(first) ?? new Map<Verdict, Verdict>()
    known.set(first, after)
    const verdict = after.get(second) ?? followed(first, second)
    after.set(second, verdict)
    return verdict
  }
  return judgementOf(combine(upper.rest, lower.rest), (protocol) => overlay(coverOf(upper, protocol), coverOf(lower, protocol), combine))
}

/** @param coverOfProtocol all ports of a protocol, in order */
export function judgementOf(rest: Verdict, coverOfProtocol: (protocol: Protocol) => Cover): Judgement {
  const entries = PROTOCOLS.flatMap((protocol) => entriesOf(protocol, coverOfProtocol(protocol), rest))
  return {
    ports: entries.filter(({ first, last }) => first === last),
    ranges: entries.filter(({ first, last }) => first !== last),
    rest,
  }
}

/** The same object if nothing changes. */
function everyVerdict(judgement: Judgement, change: (verdict: Verdict) => Verdict): Judgement {
  const { ports, ranges, rest } = judgement
  const isSame = ({ verdict }: { readonly verdict: Verdict }): boolean => change(verdict) === verdict
  if (ports.every(isSame) && ranges.every(isSame) && change(rest) === rest) return judgement
  const changed = (entry: Entry): Entry => ({ ...entry, verdict: change(entry.verdict) })
  return { ports: ports.map(changed), ranges: ranges.map(changed), rest: change(rest) }
}

function isSilent({ ports, ranges, rest }: Judgement): boolean {
  return ports.length + ranges.length === 0 && rest === NEXT
}
