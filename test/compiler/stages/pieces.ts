// What a judgement says of one port, in the plainest words, and the ports that are worth asking for: one in each piece between two ends.
import type { Protocol } from '../../../src/cluster/objects.ts'
import { LAST_PORT } from '../../../src/compiler/stages/segments.ts'
import type { Judgement, PortRange } from '../../../src/compiler/stages/judgement.ts'
import type { Verdict } from '../../../src/compiler/stages/verdict.ts'

/** 'other': a protocol without ports. */
export function verdictAt({ ports, ranges, rest }: Judgement, protocol: Protocol | 'other', port: number): Verdict {
  const holds = (entry: PortRange): boolean => entry.protocol === protocol && entry.first <= port && port <= entry.last
  return (ports.find(holds) ?? ranges.find(holds))?.verdict ?? rest
}

/** Everything that is constant between the ends of these ranges is known if it is known at these ports. */
export function portsWorthAsking(ranges: Iterable<Pick<PortRange, 'first' | 'last'>>): number[] {
  const ends = Array.from(ranges).flatMap(({ first, last }) => [first - 1, first, last, last + 1])
  return [...new Set([0, ...ends, LAST_PORT])].filter((port) => port >= 0 && port <= LAST_PORT)
}

export function rangesOf(judgements: readonly Judgement[]): PortRange[] {
  return judgements.flatMap(({ ports, ranges }) => [...ports, ...ranges])
}
