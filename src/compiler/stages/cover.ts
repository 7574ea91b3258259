// All ports of one protocol cut into segments, each with its verdict: the form in which stages are laid over each other.
import type { Protocol } from '../../cluster/objects.ts'
import type { Entry, Judgement } from './judgement.ts'
import type { Verdict } from './verdict.ts'

export interface Segment {
  readonly first: number
  readonly last: number
  readonly verdict: Verdict
}

/** Ascending segments from port 0 to 65535 without a gap. */
export type Cover = readonly Segment[]

export const LAST_PORT = 65_535

export function coverOf({ ports, ranges, rest }: Judgement, protocol: Protocol): Cover {
  const wide = filled(ranges.filter((entry) => entry.protocol === protocol), rest)
  const exact = ports.filter((entry) => entry.protocol === protocol)
  if (exact.length === 0) return wide
  const singles = new Map(exact.map(({ first, verdict }) => [first, verdict]))
  return overlay(filled(exact, rest), wide, (_, around, first, last) => (first === last ? singles.get(first) : undefined) ?? around)
}

/** Two covers as one, of which two neighbours differ. @param combine is asked for each piece that lies in one segment of both */
export function overlay(
  upper: Cover,
  lower: Cover,
  combine: (upper: Verdict, lower: Verdict, first: number, last: number) => Verdict,
): Cover {
  const segments: Segment[] = []
  let [u, l, first] = [0, 0, 0]
  while (first <= LAST_PORT) {
    const [above, below] = [upper[u], lower[l]]
    if (above === undefined || below === undefined) throw new RangeError('a cover has a gap')
    const last = Math.min(above.last, below.last)
    append(segments, { first, last, verdict: combine(above.verdict, below.verdict, first, last) })
    if (above.last === last) u++
    if (below.last === last) l++
    first = last + 1
  }
  return segments
}

/**
 * The entries that say the same as the cover, of which two neighbours differ, where `rest` holds of everything that no entry mentions. A range goes on over single ports
 * in it that have entries of their own: a hundred ports do not cut it into a hundred pieces.
 */
export function entriesOf(protocol: Protocol, cover: Cover, rest: Verdict): Entry[] {
  const ranges: Segment[] = []
  for (const segment of cover) {
    const before = ranges.at(-1)
    if (segment.first === segment.last) continue
    if (before?.verdict.key === segment.verdict.key) ranges[ranges.length - 1] = { ...before, last: segment.last }
    else ranges.push(segment)
  }
  let at = 0
  const exact = cover.filter(({ first, last, verdict }) => {
    if (first !== last) return false
    while ((ranges[at]?.last ?? Infinity) < first) at++
    const range = ranges[at]
    const around = range !== undefined && range.first <= first ? range.verdict : rest
    return verdict.key !== around.key
  })
  return [...exact, ...ranges.filter(({ verdict }) => verdict.key !== rest.key)].map((segment) => ({ protocol, ...segment }))
}

/** Adds a segment at the end; it joins the last one if both say the same. */
export function append(segments: Segment[], next: Segment): void {
  const before = segments.at(-1)
  if (before?.verdict.key === next.verdict.key) segments[segments.length - 1] = { ...next, first: before.first }
  else segments.push(next)
}

/** Disjoint entries, and `rest` in between. */
function filled(entries: readonly Entry[], rest: Verdict): Cover {
  const segments: Segment[] = []
  let next = 0
  for (const { first, last, verdict } of [...entries].sort((a, b) => a.first - b.first)) {
    if (first > next) segments.push({ first: next, last: first - 1, verdict: rest })
    segments.push({ first, last, verdict })
    next = last + 1
  }
  if (next <= LAST_PORT) segments.push({ first: next, last: LAST_PORT, verdict: rest })
  return segments
}
