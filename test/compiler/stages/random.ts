// Random rules and judgements over few ports, groups and policies, so that they touch, overlap and hide each other.
import fc from 'fast-check'
import type { ActiveRule } from '../../../src/compiler/stages/active-policy.ts'
import { type Judgement, judgementOf, PROTOCOLS } from '../../../src/compiler/stages/judgement.ts'
import { append, entriesOf, LAST_PORT, type Segment } from '../../../src/compiler/stages/segments.ts'
import type { Verdict } from '../../../src/compiler/stages/verdict.ts'
import type { Port } from '../../../src/policy/types.ts'
import { hit, predicate, verdict } from './notation.ts'

export const GROUPS = ['a', 'b', 'c'] as const

/** Ports near each other, and at both ends of all. */
export const portArb = fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 8, max: 20 }) }, { weight: 1, arbitrary: fc.constantFrom(0, 1, LAST_PORT - 1, LAST_PORT) })
const rangeArb = fc.tuple(portArb, portArb).map(([a, b]) => ({ first: Math.min(a, b), last: Math.max(a, b) }))
const portsArb: fc.Arbitrary<readonly Port[] | 'any'> = fc.oneof(
  { weight: 1, arbitrary: fc.constant('any' as const) },
  {
    weight: 4,
    arbitrary: fc.array(fc.record({ protocol: fc.constantFrom(...PROTOCOLS), range: fc.oneof(rangeArb, portArb.map((port) => ({ first: port, last: port }))) }).map(
      ({ protocol, range }): Port => ({ kind: 'number', protocol, ...range }),
    ), { maxLength: 4 }),
  },
)
const peersArb: fc.Arbitrary<ActiveRule['peers']> = fc.oneof(
  fc.constant('any' as const),
  fc.subarray([...GROUPS]).map((names) => names.map(predicate)),
)

export const groupsArb = fc.subarray([...GROUPS])

export const networkRulesArb: fc.Arbitrary<ActiveRule[]> = fc.array(
  fc.record({ hit: fc.constantFrom('x/one', 'x/other', 'x/third').map(hit), peers: peersArb, ports: portsArb }), { maxLength: 6 },
)

export const tierRulesArb: fc.Arbitrary<ActiveRule[]> = fc
  .array(fc.record({ action: fc.constantFrom('accept', 'deny', 'pass'), peers: peersArb, ports: portsArb }), { maxLength: 6 })
  .map((rules) => rules.map(({ action, peers, ports }, index) => ({ hit: hit(`/edge/${action}-${index}`), peers, ports })))

export const verdictArb: fc.Arbitrary<Verdict> = fc.constantFrom(
  'next', 'next /p/pass-0', 'accept /p/accept-1', 'deny /p/deny-2', 'deny /q/deny-0', 'isolated', 'accept x/one', 'accept x/one x/other',
).map(verdict)

/** All ports cut into segments, each with any verdict; two neighbours differ. */
export const segmentsArb: fc.Arbitrary<Segment[]> = fc.tuple(verdictArb, fc.array(fc.tuple(portArb, verdictArb), { maxLength: 6 })).map(([lowest, cuts]) => {
  const verdictFrom = new Map([[0, lowest], ...cuts])
  const starts = [...verdictFrom.keys()].sort((a, b) => a - b)
  const segments: Segment[] = []
  starts.forEach((first, at) => append(segments, { first, last: (starts[at + 1] ?? LAST_PORT + 1) - 1, verdict: verdictFrom.get(first)! }))
  return segments
})

/** Any judgement. */
export const judgementArb: fc.Arbitrary<Judgement> = fc.tuple(verdictArb, fc.tuple(...PROTOCOLS.map(() => segmentsArb))).map(([rest, segments]) => (
  judgementOf(PROTOCOLS.flatMap((protocol, at) => entriesOf(protocol, segments[at] ?? [], rest)), rest)
))
