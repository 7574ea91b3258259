// Who claims which address, and whose it is.
import { beforeEach, describe, expect, test } from '@jest/globals'
import { AddressBook } from '../../../src/compiler/addresses/address-book.ts'
import { contenders, ownerOf } from '../../../src/compiler/addresses/ownership.ts'
import type { PodRecord } from '../../../src/compiler/model.ts'
import type { Pod } from '../../../src/cluster/objects.ts'
import { addressOf } from '../../arbitrary/pool.ts'
import { pod } from '../../policy/state.ts'

const [V4, V6] = [addressOf('10.0.0.1'), addressOf('fd00::1')]

let book: AddressBook
beforeEach(() => {
  book = new AddressBook()
})

function record(name: string, more: Partial<Pod> = {}): PodRecord {
  return { pod: pod(`x/${name}`, '10.0.0.1', more), group: undefined }
}

function names(records: readonly PodRecord[]): string[] {
  return records.map(({ pod: { name } }) => name)
}

describe('claims', () => {
  test('come, are replaced, and go', () => {
    const [a, b, newer] = [record('a'), record('b'), record('a')]
    expect(names(book.claims(V4))).toEqual([])
    book.claim(V4, undefined, a)
    book.claim(V4, undefined, b)
    expect(names(book.claims(V4))).toEqual(['a', 'b'])
    const member = book.claim(V4, a, newer)
    expect([book.claims(V4).includes(newer), book.claims(V4).includes(a), book.claims(V4).length]).toEqual([true, false, 2])
    book.claim(V4, b, undefined)
    expect(book.claim(V4, newer, undefined)).toBe(member)
    expect([member.claim, member.rivals]).toEqual([undefined, []])
  })

  test('an address has one member for as long as it is not forgotten, in the index of its family', () => {
    const member = book.member(V4)
    expect(book.member(V4)).toBe(member)
    expect([book.of(4).get(V4), book.of(6).get(V4), book.of(6).get(V6)]).toEqual([member, undefined, undefined])
    book.forget(member)
    expect(book.of(4).get(V4)).toBeUndefined()
    expect(book.member(V4)).not.toBe(member)
  })

  test('a contested address is known until one claim is left', () => {
    const [a, b] = [record('a'), record('b')]
    book.claim(V4, undefined, a)
    const member = book.claim(V4, undefined, b)
    expect(book.ownerOf(member)).toBe('contested')
    expect([...book.contested]).toEqual([V4])
    expect(book.ownerOf(book.claim(V4, a, undefined))).toBe(b)
    expect([...book.contested]).toEqual([])
  })
})

describe('the owner is', () => {
  const [pending, terminating] = [{ phase: 'Pending' as const }, { terminating: true }]
  test.each<[string, PodRecord[], string | undefined]>([
    ['nobody', [], undefined],
    ['who is alone, whatever the pod does', [record('a', { ...pending, ...terminating })], 'a'],
    ['who is not about to end', [record('a', terminating), record('b', pending)], 'b'],
    ['who runs', [record('a', pending), record('b')], 'b'],
    ['of those about to end, who runs', [record('a', { ...pending, ...terminating }), record('b', terminating)], 'b'],
    ['nobody, of two alike', [record('a'), record('b')], 'contested'],
    ['nobody, of two alike beside a third', [record('a'), record('b', terminating), record('c')], 'contested'],
  ])('%s', (_, claims, expected) => {
    for (const order of [claims, [...claims].reverse()]) {
      const owner = ownerOf(order)
      expect(typeof owner === 'object' ? owner.pod.name : owner).toBe(expected)
    }
  })

  test('contenders are those with the best right', () => {
    expect(names(contenders([record('a'), record('b', { terminating: true }), record('c')]))).toEqual(['a', 'c'])
  })
})
