// The fake kernel: it has what was put into it, and refuses what nf_tables refuses. test/netlink/nf-tables/fake.test.ts compares the two.
import { beforeEach, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Content, CounterName, Key, Value } from '../../../src/nftables/content.ts'
import { diff, emptyContent } from '../../../src/nftables/diff.ts'
import { FakeKernel } from '../../../src/nftables/fake/kernel.ts'
import { CHAINS, SPOOFED, STRAY } from '../../../src/nftables/program.ts'
import { SET_NAMES, type SetName } from '../../../src/nftables/schema.ts'
import { cleanup, type Command, replace, type Transaction, update } from '../../../src/nftables/transaction.ts'
import { address, anyContent, classid, port, sameContent } from '../contents.ts'
import { property } from '../../property.ts'

const WEB = 'in/shop/web' as CounterName
const ADDRESS = address('10.0.0.1')
const TCP = '\x06\0\0\0'
const START: Content = contentOf(
  [WEB],
  ['class4', [[ADDRESS, 1]]],
  ['self4', [[ADDRESS + ADDRESS, true]]],
  ['cidr4', [[address('10.0.0.0') + address('10.0.0.255'), 2]]],
  ['verdict_ports', [[classid(1) + TCP + port(80), WEB]]],
  ['verdict_ranges', [[range(1, 1000, 2000), WEB]]],
)

let kernel: FakeKernel
let told: Transaction[]
beforeEach(() => {
  told = []
  kernel = new FakeKernel((transaction) => told.push(transaction))
  void kernel.commit(replace(START, new Map([[WEB, { packets: 5, bytes: 500, comment: 'shop: web' }]])))
})

function contentOf(counters: readonly CounterName[], ...sets: readonly (readonly [SetName, readonly (readonly [string, Value])[]])[]): Content {
  return { sets: new Map(sets.map(([set, elements]) => [set, new Map(elements as readonly (readonly [Key, Value])[])])), counters: new Set(counters) }
}

function range(list: number, first: number, last: number): string {
  return classid(list) + TCP + port(first) + classid(list) + TCP + port(last)
}

function add(set: SetName, key: string, value: Value): Command {
  return { add: 'elements', set, elements: new Map([[key as Key, value]]) }
}

function remove(set: SetName, key: string, value: Value): Command {
  return { delete: 'elements', set, elements: new Map([[key as Key, value]]) }
}

function counter(name: string, comment?: string): Command {
  return { add: 'counter', family: 'inet', name: name as CounterName, value: { packets: 0, bytes: 0, comment } }
}

function gone(name: string): Command {
  return { delete: 'counter', family: 'inet', name: name as CounterName }
}

describe('it has what it was given', () => {
  test('content, whatever was there before', () => {
    property(fc.tuple(anyContent, anyContent), ([first, second]) => {
      const fresh = new FakeKernel()
      void fresh.commit(replace(first, new Map()))
      expect(sameContent(fresh.content, first)).toBe(true)
      void fresh.commit(update(diff(first, second)))
      expect(sameContent(fresh.content, second)).toBe(true)
      void fresh.commit(replace(first, new Map(), fresh.state()))
      expect(sameContent(fresh.content, first)).toBe(true)
    }, 0.3)
  })

  test('and is read as a real one is', async () => {
    const seen: [string, Value][] = []
    expect(await kernel.eachElement('class4', (key, value) => seen.push([key, value]))).toBe(true)
    expect(seen).toEqual([[ADDRESS, 1]])
    expect(kernel.elementsNow('class4', new Set([ADDRESS, address('10.0.0.2')] as string[] as Key[]))).toEqual(new Map([[ADDRESS, 1]]))
    expect(await new FakeKernel().eachElement('class4', () => undefined)).toBe(false)
    expect(await new FakeKernel().counters()).toEqual(new Map())
  })

  test('every transaction is told, in the order of the commits', () => {
    const change = update(diff(START, { ...START, sets: new Map() }))
    void kernel.commit(change)
    expect(told.slice(1)).toEqual([change])
  })

  test('without tables there is nothing', () => {
    void kernel.commit(cleanup(kernel.state()))
    expect([kernel.content.sets.size, kernel.content.counters.size, kernel.state().tables.size, kernel.structure()]).toEqual([0, 0, 0, ''])
  })
})

describe('counters', () => {
  test('count, keep their comment, and are in one table or in both', async () => {
    kernel.count(WEB, 2, 100)
    kernel.count(SPOOFED, 3)
    kernel.count(STRAY, 1)
    const counters = await kernel.counters()
    expect([WEB, SPOOFED, STRAY].map((name) => counters.get(name))).toEqual([
      { packets: 7, bytes: 600, comment: 'shop: web' }, { packets: 3, bytes: 300 }, { packets: 1, bytes: 100 },
    ])
    expect(kernel.countersNow([WEB, STRAY])).toEqual(new Map([[WEB, { packets: 7, bytes: 600, comment: 'shop: web' }]])) // of the inet table
    expect(() => kernel.count('in/shop/cart' as CounterName, 1)).toThrow(RangeError)
  })

  test('of the program are not part of the content', () => {
    expect([...kernel.content.counters]).toEqual([WEB])
  })

  test('are reset, and keep their comment', async () => {
    kernel.resetCounters()
    expect((await kernel.counters()).get(WEB)).toEqual({ packets: 0, bytes: 0, comment: 'shop: web' })
  })
})

describe('state', () => {
  test('a replacement has other handles, a delta has not; every commit is a generation', () => {
    const before = kernel.state()
    void kernel.commit(update(diff(START, { ...START, sets: new Map() })))
    const after = kernel.state()
    expect(after.tables).toEqual(before.tables)
    expect(after.generation).toBe(before.generation + 1)
    void kernel.commit(replace(START, new Map(), after))
    expect([...kernel.state().tables].map(([family, { handle }]) => handle === before.tables.get(family)?.handle)).toEqual([false, false])
  })

  test('the structure changes with a table, a set, a chain or a rule, and not with elements', () => {
    const before = kernel.structure()
    void kernel.commit(update(diff(START, { ...START, sets: new Map() })))
    expect(kernel.structure()).toBe(before)
    void kernel.commit({ commands: [{ add: 'rule', chain: CHAINS[0]!, rule: { statements: [{ verdict: 'drop' }] } }] })
    expect(kernel.structure()).not.toBe(before)
  })
})

describe('it refuses', () => {
  const other = address('10.0.0.2')
  test.each<[string, Command[], string]>([
    ['an element with another value', [add('class4', ADDRESS, 7)], 'its value is 1'],
    ['to delete what is not there', [remove('class4', other, 1)], 'it does not exist'],
    ['to delete what has another value', [remove('class4', ADDRESS, 7)], 'its value is 1'],
    ['a counter that does not exist', [add('verdict_any', classid(1), 'in/shop/cart')], 'counter in/shop/cart does not exist'],
    ['a counter that comes too late', [add('verdict_any', classid(1), 'in/shop/cart'), counter('in/shop/cart')], 'counter in/shop/cart does not exist'],
    ['to delete a counter in use', [gone(WEB)], 'it is in use'],
    ['to delete a counter before its elements', [
      remove('verdict_ports', classid(1) + TCP + port(80), WEB), gone(WEB), remove('verdict_ranges', range(1, 1000, 2000), WEB),
    ], 'it is in use'],
    ['to delete a counter that rules use', [gone(SPOOFED)], 'it is in use'],
    ['to delete a counter that is not there', [gone('in/shop/cart')], 'it does not exist'],
    ['a counter that is there', [counter(WEB)], 'it exists'],
    ['a counter with a name that nft cannot write', [counter('In/Shop')], 'nft cannot write this'],
    ['a name too long', [counter('a'.repeat(256))], 'nft cannot write this'],
    ['a comment with a quote', [counter('in/shop/cart', 'a "b"')], 'nft cannot write this'],
    ['a comment too long', [counter('in/shop/cart', 'a'.repeat(128))], 'nft cannot write this'],
    ['a range over another', [add('cidr4', address('10.0.0.128') + address('10.0.1.0'), 3)], 'ranges overlap'],
    ['a range in another', [add('cidr4', address('10.0.0.5') + address('10.0.0.5'), 3)], 'ranges overlap'],
    ['ports that overlap in one list', [add('verdict_ranges', range(1, 2000, 2001), WEB)], 'ranges overlap'],
    ['a range that ends before it begins', [add('cidr4', address('10.1.0.1') + address('10.1.0.0'), 3)], 'its range ends before it begins'],
    ['a key of another length', [add('class4', ADDRESS + ADDRESS, 1)], 'its key has 8 bytes'],
    ['0, which is nft\'s none', [add('class4', other, 0)], '0 is no value for it'],
    ['all bits, which is nft\'s root', [add('class4', other, 0xffffffff)], '4294967295 is no value for it'],
    ['data in a set', [add('self4', other + other, 5)], '5 is no value for it'],
    ['a set twice', [{ add: 'set', set: 'class4' }], 'it exists'],
    ['a chain twice', [{ add: 'chain', chain: CHAINS[0]! }], 'it exists'],
    ['a rule in no chain', [{ add: 'rule', chain: { family: 'inet', name: 'none', rules: [] }, rule: { statements: [] } }], 'none does not exist'],
    ['a rule that jumps nowhere', [{ add: 'rule', chain: CHAINS[0]!, rule: { statements: [{ verdict: 'jump', chain: 'none' }] } }], 'none does not exist'],
    ['a rule that counts nowhere', [{ add: 'rule', chain: CHAINS[0]!, rule: { statements: [{ count: 'none' as CounterName }] } }], 'none does not exist'],
    ['a rule about a set of the other table', [{ add: 'rule', chain: CHAINS[0]!, rule: { statements: [{ match: 'set', key: ['oifname'], set: 'closed' }] } }], 'closed does not exist'],
    ['a table with other flags', [{ add: 'table', family: 'inet', flags: ['owner'] }], 'it has other flags'],
    ['to delete a table twice', [{ delete: 'table', family: 'inet' }, { delete: 'table', family: 'inet' }], 'the table does not exist'],
    ['elements of a table that is gone', [{ delete: 'table', family: 'inet' }, add('class4', other, 1)], 'the table does not exist'],
    ['elements of a set that is gone', [{ delete: 'table', family: 'inet' }, { add: 'table', family: 'inet', flags: [] }, add('class4', other, 1)], 'the set does not exist'],
  ])('%s, and nothing of the transaction is done', async (_, commands, why) => {
    const before = { content: structuredClone(kernel.content), structure: kernel.structure(), state: kernel.state(), counters: await kernel.counters() }
    const good = [add('class4', address('10.9.9.9'), 3), counter('in/shop/other'), remove('self4', ADDRESS + ADDRESS, true)]
    expect(() => kernel.commit({ commands: [...good, ...commands] })).toThrow(expect.objectContaining({ code: 'NETLINK', message: expect.stringMatching(`: ${why}$`) }))
    expect({ content: kernel.content, structure: kernel.structure(), state: kernel.state(), counters: await kernel.counters() }).toEqual(before)
  })

  test('what has no table yet', () => {
    expect(() => new FakeKernel().commit({ commands: [add('class4', other, 1)] })).toThrow('the table does not exist')
  })

  test('what whoever listens refuses', () => {
    const strict = new FakeKernel(() => {
      throw new Error('no')
    })
    expect(() => strict.commit(cleanup())).toThrow('no')
    expect(strict.state().generation).toBe(0)
  })
})

describe('it takes', () => {
  test.each<[string, Command[]]>([
    ['an element once more', [add('class4', ADDRESS, 1)]],
    ['a value that changes: deleted, and added', [remove('class4', ADDRESS, 1), add('class4', ADDRESS, 7)]],
    ['a counter that goes after its elements', [
      remove('verdict_ports', classid(1) + TCP + port(80), WEB), remove('verdict_ranges', range(1, 1000, 2000), WEB), gone(WEB),
    ]],
    ['a counter that goes and comes', [counter('in/shop/cart'), gone('in/shop/cart'), counter('in/shop/cart')]],
    ['ranges that touch', [add('cidr4', address('10.0.1.0') + address('10.0.1.255'), 3)]],
    ['the same ports in another list, and beside these', [add('verdict_ranges', range(2, 1000, 2000), WEB), add('verdict_ranges', range(1, 2001, 2002), WEB)]],
    ['a table once more', [{ add: 'table', family: 'inet', flags: [] }]],
  ])('%s', (_, commands) => {
    const { generation } = kernel.state()
    void kernel.commit({ commands })
    expect(kernel.state().generation).toBe(generation + 1)
  })
})

test('all sets of the schema are made', () => {
  void kernel.commit(replace(emptyContent(), new Map(), kernel.state()))
  expect([...kernel.content.sets.keys()].sort()).toEqual([...SET_NAMES].sort())
})
