// Numbers are names that a packet may still carry: one that was given back is the last to be given out again.
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { IdPool } from '../../src/compiler/ids.ts'
import { property } from '../property.ts'

test('numbers begin with 1 and come in order', () => {
  const ids = new IdPool()
  expect([ids.take(), ids.take(), ids.take()]).toEqual([1, 2, 3])
})

test('what is given back comes again after all others, and what is in use never', () => {
  const ids = new IdPool(4)
  expect([ids.take(), ids.take(), ids.take()]).toEqual([1, 2, 3])
  ids.giveBack(2)
  ids.giveBack(1)
  expect(ids.take()).toBe(4)
  expect(ids.take()).toBe(1)
  expect(ids.take()).toBe(2)
  ids.giveBack(4)
  expect(ids.take()).toBe(4)
})

test('between two uses of a number all others were in use', () => {
  const LARGEST = 8
  property(fc.array(fc.oneof(fc.constant('take' as const), fc.nat()), { maxLength: 60, size: 'max' }), (steps) => {
    const ids = new IdPool(LARGEST)
    const used: number[] = []
    /** By number: the others that were in use since it was given out. */
    const since = new Map<number, Set<number>>()
    for (const step of steps) {
      if (step !== 'take') {
        const [back] = used.splice(step % Math.max(1, used.length), 1)
        if (back !== undefined) ids.giveBack(back)
      } else if (used.length < LARGEST) {
        const id = ids.take()
        expect(used).not.toContain(id)
        expect(since.get(id)?.size ?? LARGEST - 1).toBe(LARGEST - 1)
        for (const others of since.values()) others.add(id)
        since.set(id, new Set(used))
        used.push(id)
      }
    }
  })
})
