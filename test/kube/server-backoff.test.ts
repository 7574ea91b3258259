import { expect, test } from '@jest/globals'
import { ServerBackoff } from '../../src/kube/server-backoff.ts'

function waits(random: number, count: number): number[] {
  const backoff = new ServerBackoff(() => random)
  return Array.from({ length: count }, () => backoff.next())
}

test('waits double up to less than a second, for a minute; then the server is spared', () => {
  expect(waits(1, 6)).toEqual([50, 100, 200, 400, 800, 800])
  expect(waits(0, 6)).toEqual([25, 50, 100, 200, 400, 400])
  expect(waits(1, 90).at(-1)).toBe(10_000)
})

test('a success starts afresh', () => {
  const backoff = new ServerBackoff(() => 1)
  backoff.next()
  backoff.next()
  backoff.reset()
  expect(backoff.next()).toBe(50)
})

test('waits as long as the server asks for, within reason', () => {
  expect(new ServerBackoff(() => 1).next(3000)).toBe(3050)
  expect(new ServerBackoff(() => 1).next(3_600_000)).toBe(60_050)
})
