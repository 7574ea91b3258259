// Lists in the kernel: which are one, what each needs, and how much of it.
import { beforeEach, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { hitCounter } from '../../../src/compiler/counter-names.ts'
import { type Judgement, NOTHING, type PortRange, PROTOCOLS, SILENT } from '../../../src/compiler/stages/judgement.ts'
import { isNothing, listOf, Lists } from '../../../src/compiler/stages/lists.ts'
import { tierIds } from '../../../src/compiler/realm.ts'
import { ContentStore } from '../../../src/compiler/store.ts'
import { property } from '../../property.ts'
import { linesOf } from '../content-text.ts'
import { hit, judgement, verdict } from './notation.ts'
import { judgementArb } from './random.ts'

/** Ports of one list that ranges may take in the hash, and the widest range that is written so. */
const [ALL_RANGES, ONE_RANGE] = [512, 64]

/** The counter of connections that both policies accept. */
const BOTH = hitCounter('ingress', ['x/one', 'x/other'].map(hit))

let store: ContentStore
let lists: Lists
let ofTiers: Lists
beforeEach(() => {
  store = new ContentStore()
  lists = Lists.ofNetworkPolicies(store)
  ofTiers = Lists.ofTiers(store, tierIds())
})

function ranges(count: number, width: number): Judgement {
  const entries = Array.from({ length: count }, (_, index) => `TCP ${1000 + index * 200}-${1000 + index * 200 + width - 1}: accept x/one`)
  return judgement(...entries, '*: isolated')
}

test.each<[string, Judgement, boolean]>([
  ['isolated, and nothing is allowed', NOTHING, true],
  ['no rule of a tier matches', SILENT, true],
  ['a port', judgement('TCP 80: accept x/one', '*: isolated'), false],
  ['everything', judgement('*: accept x/one'), false],
  ['a Pass counts', judgement('*: next /p/pass-0'), false],
  ['a Pass of a port', judgement('TCP 80: next /p/pass-0', '*: next'), false],
])('%s: the kernel needs no element to say so: %s', (_, of, expected) => {
  expect(isNothing(listOf('ingress', of))).toBe(expected)
})

describe('elements', () => {
  test.each<[string, string[], string[]]>([
    ['nothing', ['*: isolated'], []],
    ['ports of several protocols', ['TCP 80: accept x/one', 'SCTP 80: accept x/other', '*: isolated'], [
      'counter in/x/one', 'counter in/x/other', 'verdict_ports 0:1 . sctp . 80 : "in/x/other"', 'verdict_ports 0:1 . tcp . 80 : "in/x/one"',
    ]],
    ['a narrow range is written out', ['UDP 80-82: accept x/one', '*: isolated'], [
      'counter in/x/one', ...[80, 81, 82].map((port) => `verdict_ports 0:1 . udp . ${port} : "in/x/one"`),
    ]],
    ['but for ports that stand alone', ['TCP 81: accept x/one x/other', 'TCP 80-82: accept x/one', '*: isolated'], [
      `counter ${BOTH}`, 'counter in/x/one',
      'verdict_ports 0:1 . tcp . 80 : "in/x/one"', `verdict_ports 0:1 . tcp . 81 : "${BOTH}"`, 'verdict_ports 0:1 . tcp . 82 : "in/x/one"',
    ]],
    ['a wide one is a range', ['TCP 80: accept x/one x/other', 'TCP 1-1024: accept x/one', '*: isolated'], [
      `counter ${BOTH}`, 'counter in/x/one', `verdict_ports 0:1 . tcp . 80 : "${BOTH}"`, 'verdict_ranges 0:1 . tcp . 1-1024 : "in/x/one"',
    ]],
    ['everything', ['*: accept x/one'], ['counter in/x/one', 'verdict_any 0:1 : "in/x/one"']],
  ])('%s', (_, lines, expected) => {
    const list = listOf('ingress', judgement(...lines))
    lists.use(list)
    expect(linesOf(store)).toEqual(expected)
    lists.release(list)
    expect(linesOf(store)).toEqual([])
    expect(lists.size).toBe(0)
  })

  test.each<[string, string[], string[]]>([
    ['nothing', ['*: next'], []],
    ['a verdict has a number, by its outcome', ['TCP 80: deny /p/deny-0', 'TCP 81: accept /p/accept-1', 'TCP 82: next /p/pass-2', 'TCP 100-200: deny /p/deny-0', '*: next'], [
      'counter in/cluster/p/accept-1', 'counter in/cluster/p/deny-0', 'counter in/cluster/p/pass-2',
      'tier_counters 0:2 : "in/cluster/p/accept-1"', 'tier_counters 4000:3 : "in/cluster/p/pass-2"', 'tier_counters 8000:1 : "in/cluster/p/deny-0"',
      'tier_ports 0:1 . tcp . 80 : 8000:1', 'tier_ports 0:1 . tcp . 81 : 0:2', 'tier_ports 0:1 . tcp . 82 : 4000:3',
      'tier_ranges 0:1 . tcp . 100-200 : 8000:1',
    ]],
    ['everything', ['*: deny /p/deny-0'], ['counter in/cluster/p/deny-0', 'tier_any 0:1 : 8000:1', 'tier_counters 8000:1 : "in/cluster/p/deny-0"']],
    ['a port that is passed on in a range that is not', ['UDP 85: next /p/pass-0', 'UDP 1-100: deny /p/deny-1', '*: next'], [
      'counter in/cluster/p/deny-1', 'counter in/cluster/p/pass-0', 'tier_counters 4000:1 : "in/cluster/p/pass-0"', 'tier_counters 8000:2 : "in/cluster/p/deny-1"',
      'tier_ports 0:1 . udp . 85 : 4000:1', 'tier_ranges 0:1 . udp . 1-100 : 8000:2',
    ]],
  ])('of a tier: %s', (_, lines, expected) => {
    const list = listOf('ingress', judgement(...lines))
    ofTiers.use(list)
    expect(linesOf(store)).toEqual(expected)
    ofTiers.release(list)
    expect(linesOf(store)).toEqual([])
    expect(ofTiers.size).toBe(0)
  })

  test('are there for as long as anybody uses the list', () => {
    const list = listOf('egress', judgement('TCP 80: accept x/one', '*: isolated'))
    const same = listOf('egress', judgement('TCP 80: accept x/one', '*: isolated'))
    const number = lists.use(list)
    expect(lists.use(same)).toBe(number)
    lists.release(list)
    expect(linesOf(store)).toEqual(['counter out/x/one', 'verdict_ports 0:1 . tcp . 80 : "out/x/one"'])
    lists.release(same)
    expect(linesOf(store)).toEqual([])
  })

  test('a counter stays while another list uses it', () => {
    const [one, other] = [listOf('ingress', judgement('TCP 80: deny /p/deny-0', '*: next')), listOf('ingress', judgement('UDP 53: deny /p/deny-0', '*: next'))]
    ofTiers.use(one)
    ofTiers.use(other)
    ofTiers.release(one)
    expect(linesOf(store)).toEqual(['counter in/cluster/p/deny-0', 'tier_counters 8000:1 : "in/cluster/p/deny-0"', 'tier_ports 0:2 . udp . 53 : 8000:1'])
  })

  test('a list that nobody uses is released in vain', () => {
    lists.use(listOf('ingress', judgement('*: accept x/one')))
    lists.release(listOf('egress', judgement('*: accept x/one')))
    expect([lists.size, [...store.counters]]).toEqual([1, ['in/x/one']])
  })

  test('a list that comes again has a number that was not used before', () => {
    const list = listOf('ingress', judgement('*: accept x/one'))
    const numbers = [1, 2, 3].map(() => {
      const number = lists.use(list)
      lists.release(list)
      return number
    })
    expect(numbers).toEqual([1, 2, 3])
  })

  test('what both directions say alike is two lists, since each counts for itself', () => {
    const [ingress, egress] = (['ingress', 'egress'] as const).map((direction) => listOf(direction, judgement('*: accept x/one')))
    expect(lists.use(ingress!)).not.toBe(lists.use(egress!))
    expect([...store.counters]).toEqual(['in/x/one', 'out/x/one'])
  })
})

describe('ports that are written out', () => {
  test.each<[string, Judgement, { readonly ports: number; readonly ranges: number }]>([
    ['the widest', ranges(1, ONE_RANGE), { ports: ONE_RANGE, ranges: 0 }],
    ['one port more', ranges(1, ONE_RANGE + 1), { ports: 0, ranges: 1 }],
    ['as many as a list may have', ranges(ALL_RANGES / ONE_RANGE, ONE_RANGE), { ports: ALL_RANGES, ranges: 0 }],
    ['one range more', ranges(ALL_RANGES / ONE_RANGE + 1, ONE_RANGE), { ports: ALL_RANGES, ranges: 1 }],
    ['a wide range leaves room for narrow ones', judgement('TCP 1-100: accept x/one', 'TCP 200-201: accept x/one', '*: isolated'), { ports: 2, ranges: 1 }],
    ['a range that finds no room leaves it to narrower ones', judgement(
      ...[1, 2, 3, 4, 5, 6, 7].map((n) => `TCP ${n * 1000}-${n * 1000 + 63}: accept x/one`), // 448
      'TCP 8000-8059: accept x/one', 'TCP 9000-9009: accept x/one', 'TCP 10000-10003: accept x/one', '*: isolated', // and 60, 10, 4
    ), { ports: 448 + 60 + 4, ranges: 1 }],
  ])('%s', (_, of, { ports, ranges: wide }) => {
    lists.use(listOf('ingress', of))
    expect([store.sets.get('verdict_ports')?.size, store.sets.get('verdict_ranges')?.size]).toEqual([ports, wide])
  })

  test('however many ranges, a list has its entries and a bounded number of ports more', () => {
    const rangeArb: fc.Arbitrary<PortRange> = fc.record({ protocol: fc.constantFrom(...PROTOCOLS), first: fc.nat(60_000), width: fc.oneof(fc.nat(100), fc.nat(5000)) }).map(
      ({ protocol, first, width }) => ({ protocol, first, last: first + width }),
    )
    property(fc.record({ some: fc.array(rangeArb, { maxLength: 200, size: 'max' }), isOfTier: fc.boolean() }), ({ some, isOfTier }) => {
      const said = verdict(isOfTier ? 'deny /p/deny-0' : 'accept x/one')
      const disjoint = some.filter((one, index) => !some.slice(0, index).some((other) => other.protocol === one.protocol && other.first <= one.last && one.first <= other.last))
      const list = listOf('ingress', { ports: [], ranges: disjoint.map((range) => ({ ...range, verdict: said })), rest: verdict(isOfTier ? 'next' : 'isolated') })
      const content = new ContentStore()
      const used = isOfTier ? Lists.ofTiers(content, tierIds()) : Lists.ofNetworkPolicies(content)
      used.use(list)
      const sizeOf = (set: 'ports' | 'ranges'): number => content.sets.get(`${isOfTier ? 'tier' : 'verdict'}_${set}`)!.size
      expect(sizeOf('ports')).toBeLessThanOrEqual(list.ports.length + ALL_RANGES)
      expect(sizeOf('ranges')).toBeLessThanOrEqual(list.ranges.length)
    }, 0.3)
  })
})

test('equal meanings have equal keys, others do not', () => {
  property(fc.tuple(judgementArb, judgementArb), ([one, other]) => {
    const copy = (of: Judgement): Judgement => ({
      ports: of.ports.map((entry) => ({ ...entry, verdict: { ...entry.verdict } })), ranges: of.ranges.map((entry) => ({ ...entry })), rest: { ...of.rest },
    })
    expect(listOf('ingress', copy(one)).key).toBe(listOf('ingress', one).key)
    const isSame = JSON.stringify(one) === JSON.stringify(other)
    expect(listOf('ingress', one).key === listOf('ingress', other).key).toBe(isSame)
  })
})
