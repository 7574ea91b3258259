// What a stage says, as entries: segments of all ports, and from there to few entries that say the same.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { judgementOf, NOTHING, PROTOCOLS, SILENT } from '../../../src/compiler/stages/judgement.ts'
import { append, entriesOf, LAST_PORT, type Segment } from '../../../src/compiler/stages/segments.ts'
import { property } from '../../property.ts'
import { judgement, textOf, verdict, verdictText } from './notation.ts'
import { portsWorthAsking, rangesOf, verdictAt } from './pieces.ts'
import { portArb, segmentsArb, verdictArb } from './random.ts'

/** `0 next, 80 accept x/one, 81 next`: each from its port to the next one. */
function segments(text: string): Segment[] {
  const starts = text.split(', ').map((each) => [Number(each.split(' ')[0]), each.slice(each.indexOf(' ') + 1)] as const)
  return starts.map(([first, of], at) => ({ first, last: (starts[at + 1]?.[0] ?? LAST_PORT + 1) - 1, verdict: verdict(of) }))
}

describe('entries of segments', () => {
  test.each<[string, string, string, string[]]>([
    ['nothing but the rest', '0 next', 'next', ['*: next']],
    ['a port', '0 next, 80 accept x/one, 81 next', 'next', ['TCP 80: accept x/one', '*: next']],
    ['a range', '0 next, 80 accept x/one, 90 next', 'next', ['TCP 80-89: accept x/one', '*: next']],
    ['all ports', '0 accept x/one', 'next', ['TCP 0-65535: accept x/one', '*: next']],
    ['both ends', '0 accept x/one, 1 next, 65535 accept x/one', 'next', ['TCP 0: accept x/one', 'TCP 65535: accept x/one', '*: next']],
    ['a range goes on over a port of its own', '0 next, 10 accept x/one, 15 deny /p/deny-0, 16 accept x/one, 21 next', 'next', [
      'TCP 15: deny /p/deny-0', 'TCP 10-20: accept x/one', '*: next',
    ]],
    ['and over many', '0 next, 10 accept x/one, 15 next, 16 accept x/one, 18 deny /p/deny-0, 19 accept x/one, 21 next', 'next', [
      'TCP 15: next', 'TCP 18: deny /p/deny-0', 'TCP 10-20: accept x/one', '*: next',
    ]],
    ['but not over a range', '0 next, 10 accept x/one, 15 deny /p/deny-0, 17 accept x/one, 21 next', 'next', [
      'TCP 10-14: accept x/one', 'TCP 15-16: deny /p/deny-0', 'TCP 17-20: accept x/one', '*: next',
    ]],
    ['what the rest says needs no entry', '0 next, 80 accept x/one, 81 next', 'accept x/one', ['TCP 0-65535: next', 'TCP 80: accept x/one', '*: accept x/one']],
  ])('%s', (_, text, rest, says) => {
    expect(textOf(judgementOf(entriesOf('TCP', segments(text), verdict(rest)), verdict(rest))).sort()).toEqual([...says].sort())
  })

  test('say the same at every port, and ranges are disjoint', () => {
    property(fc.tuple(segmentsArb, verdictArb), ([all, rest]) => {
      const said = judgementOf(entriesOf('TCP', all, rest), rest)
      for (const port of portsWorthAsking(all)) {
        const { verdict: expected } = all.find(({ first, last }) => first <= port && port <= last)!
        expect([port, verdictText(verdictAt(said, 'TCP', port))]).toEqual([port, verdictText(expected)])
      }
      const inOrder = [...said.ranges].sort((a, b) => a.first - b.first)
      for (const [at, { first }] of inOrder.entries()) expect(first).toBeGreaterThan(inOrder[at - 1]?.last ?? -1)
      expect(said.ports.length + said.ranges.length).toBeLessThanOrEqual(all.length)
      expect(rangesOf([said]).every(({ protocol }) => protocol === 'TCP')).toBe(true)
    })
  })
})

describe('segments', () => {
  test('that say the same are joined as they are added', () => {
    property(fc.array(fc.tuple(portArb, verdictArb)), (cuts) => {
      const all: Segment[] = []
      const starts = [...new Set([0, ...cuts.map(([port]) => port)])].sort((a, b) => a - b)
      const verdictFrom = new Map(cuts)
      const added = starts.map((first, at) => ({ first, last: (starts[at + 1] ?? LAST_PORT + 1) - 1, verdict: verdictFrom.get(first) ?? verdict('next') }))
      for (const each of added) append(all, each)
      for (const [at, { first, verdict: of }] of all.entries()) {
        expect(first).toBe((all[at - 1]?.last ?? -1) + 1)
        expect(of.key).not.toBe(all[at - 1]?.verdict.key)
      }
      for (const { first, verdict: of } of added) expect(all.find((each) => each.first <= first && first <= each.last)?.verdict.key).toBe(of.key)
    })
  })
})

test('what is said without any entry', () => {
  expect([textOf(SILENT), textOf(NOTHING)]).toEqual([['*: next'], ['*: isolated']])
  for (const protocol of [...PROTOCOLS, 'other'] as const) expect(verdictAt(judgement('TCP 80: accept x/one', '*: isolated'), protocol, 81)).toBe(verdict('isolated'))
})
