// Random rules over few ports and groups, so that they touch, overlap and hide each other.
import fc from 'fast-check'
import type { ActiveRule } from '../../../src/compiler/stages/active-policy.ts'
import { LAST_PORT } from '../../../src/compiler/stages/segments.ts'
import { PROTOCOLS } from '../../../src/compiler/stages/judgement.ts'
import type { Port } from '../../../src/policy/types.ts'
import { hit, predicate } from './notation.ts'

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

export const tierRulesArb: fc.Arbitrary<ActiveRule[]> = fc
  .array(fc.record({ action: fc.constantFrom('accept', 'deny', 'pass'), peers: peersArb, ports: portsArb }), { maxLength: 6 })
  .map((rules) => rules.map(({ action, peers, ports }, index) => ({ hit: hit(`/edge/${action}-${index}`), peers, ports })))
