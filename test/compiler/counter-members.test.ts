// Whose a counter of several policies is, written beside it and read back: for any number of policies with names of any length.
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { PolicyKey } from '../../src/cluster/objects.ts'
import { type CounterMeaning, counterName } from '../../src/compiler/counter-names.ts'
import { describe, describeList, isSetOf, memberFinder, memberLists } from '../../src/compiler/counter-members.ts'
import type { Hit } from '../../src/compiler/stages/verdict.ts'
import type { CounterName } from '../../src/nftables/content.ts'
import type { CounterValue } from '../../src/nftables/transaction.ts'
import { property } from '../property.ts'
import { acceptedBy } from './credits.ts'

const COMMENT_BYTES = 127
/** As the API server allows them: up to 253 characters. */
const keyArb = fc.stringMatching(/^[a-z0-9]([-a-z0-9.]{0,120}[a-z0-9])?$/, { size: 'max' }).map((name) => `shop/${name}` as PolicyKey)
/** Rules of ClusterNetworkPolicies that lead there, or decide. */
const rulesArb = fc.uniqueArray(fc.record({ name: keyArb, rule: fc.nat({ max: 24 }), action: fc.constantFrom('pass' as const, 'deny' as const, 'accept' as const) }).map(
  ({ name, rule, action }): Hit => {
    const policy = name.replace('shop', '') as PolicyKey
    return { key: `${policy}/${action}-${rule}`, policy, action, rule }
  },
), { maxLength: 3, selector: ({ key }) => key })
const keysArb = fc.uniqueArray(keyArb, { minLength: 2, maxLength: 40, size: 'max' }).map((keys) => keys.sort())

function meaningOf(hits: readonly Hit[]): CounterMeaning {
  return { kind: 'hits', direction: 'ingress', hits: hits.toSorted((a, b) => (a.key < b.key ? -1 : 1)) }
}

/** A counter and the lists beside it, as the kernel has them. */
function written(hits: readonly Hit[]): [CounterName, Map<CounterName, CounterValue>] {
  const meaning = meaningOf(hits)
  const name = counterName(meaning)
  const lists = memberLists(name, meaning).map(([list, listed]) => [list, describeList(listed)] as const)
  return [name, new Map([[name, describe(meaning)], ...lists].map(([each, comment]) => [each as CounterName, { packets: 0, bytes: 0, comment }]))]
}

function named(count: number, length: number): Hit[] {
  return acceptedBy(Array.from({ length: count }, (_, index) => `shop/${`${1000 + index}`.padEnd(length, '-allow')}` as PolicyKey))
}

test('what was written names exactly its policies, of those that there still are', () => {
  property(fc.record({ policies: keysArb, others: keysArb, rules: rulesArb, gone: fc.nat() }), ({ policies, others, rules, gone }) => {
    const [name, counters] = written([...acceptedBy(policies), ...rules])
    const left = policies.toSpliced(gone % policies.length, 1)
    const elsewhere = left.map((key) => key.replace('shop', 'shop2') as PolicyKey)
    const there = [...acceptedBy([...left, ...others.filter((key) => !policies.includes(key)), ...elsewhere]), ...rules]
    const keys = (hits: readonly Hit[]): string[] => hits.map(({ key }) => key).sort()
    expect(keys(memberFinder(counters, 'ingress', there)(name))).toEqual(keys([...acceptedBy(left), ...rules]))
    expect(isSetOf('ingress', name)).toBe(true)
    for (const { comment = '' } of counters.values()) expect(comment.length).toBeLessThanOrEqual(COMMENT_BYTES)
  })
})

test('policies whose names a comment holds need no list, and others one counter for fourteen of them', () => {
  const listsOf = (count: number, length: number): number => written(named(count, length))[1].size - 1
  expect([listsOf(2, 59), listsOf(2, 60)]).toEqual([0, 1])
  expect([listsOf(3, 60), listsOf(14, 60), listsOf(15, 60), listsOf(200, 60)]).toEqual([1, 1, 2, 15])
})

test('a rule of a ClusterNetworkPolicy is described in the words of the object', () => {
  const hit: Hit = { key: '/edge/deny-3', policy: '/edge' as PolicyKey, action: 'deny', rule: 3 }
  expect(describe(meaningOf([hit]))).toBe('edge ingress[3] Deny')
  expect(describe(meaningOf([{ ...hit, key: '/edge/pass-3', action: 'pass' }, ...acceptedBy(['shop/cart', 'shop/web'] as PolicyKey[])]))).toBe('edge ingress[3] Pass; shop: cart, web')
})

test('a single policy and a pod need none', () => {
  expect(written(named(1, 200))[1].size).toBe(1)
  expect(memberLists('deny-in/x/a' as CounterName, { kind: 'denied', direction: 'ingress', by: 'isolation', pod: 'x/a' as never })).toEqual([])
})

test('no name is longer than the kernel takes, however long a policy of which a rule counts is called', () => {
  for (let length = 200; length <= 253; length++) {
    const policy = `/${'p'.repeat(length)}` as PolicyKey
    const [, counters] = written([{ key: `${policy}/accept-24`, policy, action: 'accept', rule: 24 }])
    for (const name of counters.keys()) expect(name.length).toBeLessThanOrEqual(255)
  }
})
