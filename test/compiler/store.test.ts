// The wanted content: however often it is written, the kernel hears of the net difference.
import { beforeEach, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { PolicyKey } from '../../src/cluster/objects.ts'
import { type CounterMeaning, counterName } from '../../src/compiler/counter-names.ts'
import { ContentStore } from '../../src/compiler/store.ts'
import type { Content, Key, Value } from '../../src/nftables/content.ts'
import { applyDelta, diff, emptyContent, isEmptyDelta } from '../../src/nftables/diff.ts'
import type { SetName } from '../../src/nftables/schema.ts'
import { property } from '../property.ts'
import { changedLines, linesOf } from './content-text.ts'
import { acceptedBy } from './credits.ts'

let store: ContentStore
beforeEach(() => {
  store = new ContentStore()
})

const KEY = '\x0a\0\0\x01' as Key

function meaningOf(...policies: readonly string[]): CounterMeaning {
  return { kind: 'hits', direction: 'ingress', hits: acceptedBy(policies as PolicyKey[]) }
}

function hold(...policies: readonly string[]): void {
  store.holdCounter(counterName(meaningOf(...policies)), meaningOf(...policies))
}

function drop(...policies: readonly string[]): void {
  store.dropCounter(counterName(meaningOf(...policies)))
}

describe('elements', () => {
  /** undefined: removed. */
  function write(...values: readonly (Value | undefined)[]): void {
    for (const value of values) {
      if (value === undefined) store.remove('class4', KEY)
      else store.put('class4', KEY, value)
    }
  }

  test.each<[string, (Value | undefined)[], string[]]>([
    ['put', [1], ['+ class4 10.0.0.1 : 0:1']],
    ['put and removed', [1, undefined], []],
    ['put twice: the last counts', [1, 2], ['+ class4 10.0.0.1 : 0:2']],
    ['removed without being there', [undefined], []],
  ])('%s', (_, values, expected) => {
    write(...values)
    expect(changedLines(store.flush())).toEqual(expected)
    expect(store.flush()).toBeUndefined()
  })

  test.each<[string, (Value | undefined)[], string[]]>([
    ['put as it is', [1], []],
    ['removed and put again', [undefined, 1], []],
    ['changed', [2], ['- class4 10.0.0.1 : 0:1', '+ class4 10.0.0.1 : 0:2']],
    ['changed and changed back', [2, 1], []],
    ['removed', [undefined], ['- class4 10.0.0.1 : 0:1']],
  ])('that are in the kernel: %s', (_, values, expected) => {
    write(1)
    store.flush()
    write(...values)
    expect(changedLines(store.flush())).toEqual(expected)
  })

  test('that are unremembered belong to no difference', () => {
    store.unremembered(() => {
      store.put('class4', KEY, 1)
      hold('x/web')
    })
    expect(store.flush()).toBeUndefined()
    expect(linesOf(store)).toEqual(['class4 10.0.0.1 : 0:1', 'counter in/x/web'])
    expect(() => store.unremembered(() => {
      throw new Error('no')
    })).toThrow('no')
    store.remove('class4', KEY)
    expect(changedLines(store.flush())).toEqual(['- class4 10.0.0.1 : 0:1'])
  })
})

describe('counters', () => {
  test('are there while an element needs them', () => {
    hold('x/web')
    hold('x/web')
    expect(changedLines(store.flush())).toEqual(['+ counter in/x/web'])
    drop('x/web')
    expect(store.flush()).toBeUndefined()
    expect(store.meaningOf('in/x/web' as never)).toEqual(meaningOf('x/web'))
    drop('x/web')
    drop('x/web')
    expect(changedLines(store.flush())).toEqual(['- counter in/x/web'])
    expect(store.meaningOf('in/x/web' as never)).toBeUndefined()
  })

  test('that go and come within one difference stay', () => {
    hold('x/web')
    store.flush()
    drop('x/web')
    hold('x/web')
    expect(store.flush()).toBeUndefined()
  })

  test('of sets with long names have their lists beside them', () => {
    const policies = Array.from({ length: 20 }, (_, index) => `x/${'p'.repeat(60)}-${100 + index}`)
    const name = counterName(meaningOf(...policies))
    hold(...policies)
    expect([...store.counters]).toEqual([name, `members-${name}-1`, `members-${name}-2`])
    expect([...store.counters].map((each) => store.commentOf(each)?.length)).toEqual([127, 125, 53])
    expect(store.commentOf('in/x/web' as never)).toBeUndefined()
    drop(...policies)
    expect([...store.counters]).toEqual([])
  })
})

test('a difference turns what was into what is', () => {
  const SETS: readonly SetName[] = ['class4', 'in_default4']
  const writeArb = fc.record({ set: fc.constantFrom(...SETS), key: fc.constantFrom('a', 'b', 'c'), value: fc.option(fc.constantFrom<Value>(1, 2), { nil: undefined }), counter: fc.constantFrom('x/a', 'x/b'), isHeld: fc.boolean() })
  const copyOf = ({ sets, counters }: Content): Content => ({ sets: new Map([...sets].map(([set, elements]) => [set, new Map(elements)])), counters: new Set(counters) })
  property(fc.array(fc.array(writeArb, { maxLength: 8 }), { maxLength: 5 }), (rounds) => {
    const written = new ContentStore()
    let before = copyOf(emptyContent())
    for (const round of rounds) {
      for (const { set, key, value, counter, isHeld } of round) {
        if (value === undefined) written.remove(set, key as Key)
        else written.put(set, key as Key, value)
        if (isHeld) written.holdCounter(counterName(meaningOf(counter)), meaningOf(counter))
        else written.dropCounter(counterName(meaningOf(counter)))
      }
      const delta = written.flush()
      const after = copyOf(written)
      expect(isEmptyDelta(diff(delta === undefined ? before : applyDelta(delta, before), after))).toBe(true)
      expect(delta === undefined).toBe(isEmptyDelta(diff(before, after)))
      before = after
    }
  })
})
