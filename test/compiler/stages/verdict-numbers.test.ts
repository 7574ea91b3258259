// The numbers of verdicts in lists of tiers: their highest bits are the outcome, and each leads to a counter for as long as it is used.
import { beforeEach, describe, expect, test } from '@jest/globals'
import { IdPool } from '../../../src/compiler/ids.ts'
import { VerdictNumbers } from '../../../src/compiler/stages/verdict-numbers.ts'
import { ContentStore } from '../../../src/compiler/store.ts'
import { LARGEST_VERDICT, OUTCOME, OUTCOME_BITS, type Outcome, outcomeOf } from '../../../src/nftables/numbers.ts'
import { linesOf } from '../content-text.ts'
import { verdict } from './notation.ts'

let store: ContentStore
let numbers: VerdictNumbers
beforeEach(() => {
  store = new ContentStore()
  numbers = new VerdictNumbers(store, new IdPool(LARGEST_VERDICT))
})

describe('the outcome', () => {
  test.each<[string, Outcome, string[]]>([
    ['accept /p/accept-0', 'accept', ['in/cluster/p/accept-0']],
    ['next /p/pass-1', 'pass', ['in/cluster/p/pass-1']],
    ['deny /p/deny-2', 'deny', ['in/cluster/p/deny-2']],
  ])('%s', (of, outcome, counters) => {
    const number = numbers.use('ingress', verdict(of))
    expect([outcomeOf(number), (number & OUTCOME_BITS) >>> 0]).toEqual([outcome, OUTCOME[outcome]])
    expect([...store.counters]).toEqual(counters)
    expect([...store.sets.get('tier_counters')!.values()]).toEqual(counters)
  })

  test('neither 0 nor all bits: nft has these for itself', () => {
    for (const bits of Object.values(OUTCOME)) {
      for (const id of [1, LARGEST_VERDICT]) expect([0, 0xffffffff]).not.toContain((bits | id) >>> 0)
    }
    expect((LARGEST_VERDICT & OUTCOME_BITS) >>> 0).toBe(0)
  })
})

describe('a verdict in use', () => {
  test('has one number in each direction, and its counter until nobody uses it', () => {
    const [one, same] = [numbers.use('ingress', verdict('deny /p/deny-0')), numbers.use('ingress', verdict('deny /p/deny-0'))]
    expect(same).toBe(one)
    expect(numbers.use('egress', verdict('deny /p/deny-0'))).not.toBe(one)
    numbers.release('egress', verdict('deny /p/deny-0'))
    numbers.release('ingress', verdict('deny /p/deny-0'))
    expect(linesOf(store)).toEqual(['counter in/cluster/p/deny-0', 'tier_counters 8000:1 : "in/cluster/p/deny-0"'])
    numbers.release('ingress', verdict('deny /p/deny-0'))
    expect(linesOf(store)).toEqual([])
  })

  test('that comes again has another number: a packet may still be on its way with the old one', () => {
    const taken = [1, 2, 3].map(() => {
      const number = numbers.use('ingress', verdict('deny /p/deny-0'))
      numbers.release('ingress', verdict('deny /p/deny-0'))
      return number
    })
    expect(taken).toEqual([1, 2, 3].map((id) => (OUTCOME.deny | id) >>> 0))
  })

  test('that nobody uses is released in vain', () => {
    numbers.release('ingress', verdict('accept /p/accept-0'))
    expect(linesOf(store)).toEqual([])
  })

  test('two rules of one policy have a number each', () => {
    expect(numbers.use('ingress', verdict('deny /p/deny-0'))).not.toBe(numbers.use('ingress', verdict('deny /p/deny-1')))
    numbers.release('ingress', verdict('deny /p/deny-0'))
    expect(linesOf(store)).toEqual(['counter in/cluster/p/deny-1', 'tier_counters 8000:2 : "in/cluster/p/deny-1"'])
  })
})
