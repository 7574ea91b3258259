// All ports of one protocol cut into segments, each with its verdict: from there to as few entries as possible.
import type { Protocol } from '../../cluster/objects.ts'
import type { Entry } from './judgement.ts'
import type { Verdict } from './verdict.ts'

export interface Segment {
  readonly first: number
  readonly last: number
  readonly verdict: Verdict
}

export const LAST_PORT = 65_535

/**
 * The entries that say the same as segments, where `rest` holds of everything that no entry mentions. A range goes on over single ports
 * in it that have entries of their own: a hundred ports do not cut it into a hundred pieces.
 * @param segments ascending from port 0 to 65535 without a gap; two neighbours differ
 */
export function entriesOf(protocol: Protocol, segments: readonly Segment[], rest: Verdict): Entry[] {
  const ranges: Segment[] = []
  for (const segment of segments) {
    const before = ranges.at(-1)
    if (segment.first === segment.last) continue
    if (before?.verdict.key === segment.verdict.key) ranges[ranges.length - 1] = { ...before, last: segment.last }
    else ranges.push(segment)
  }
  let at = 0
  const exact = segments.filter(({ first, last, verdict }) => {
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
