import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import { atOnce, inTurns, type Steps, Turn } from '../../src/base/steps.ts'

/** A clock that only work moves. */
let nowMs: number
let happened: string[]

beforeEach(() => {
  [nowMs, happened] = [0, []]
  jest.spyOn(performance, 'now').mockImplementation(() => nowMs)
})

afterEach(() => {
  jest.restoreAllMocks()
})

function* work(steps: number, stepMs: number): Steps<string> {
  for (let step = 1; step <= steps; step++) {
    nowMs += stepMs
    happened.push(`step ${step}`)
    yield
  }
  return 'done'
}

test('work pauses after each turn, and others run in the pause', async () => {
  void nextTurn().then(() => happened.push('other'))
  expect(await inTurns(work(7, 2))).toBe('done')
  expect(happened).toEqual(['step 1', 'step 2', 'step 3', 'other', 'step 4', 'step 5', 'step 6', 'step 7'])
})

test('short work is done without a pause', async () => {
  const working = inTurns(work(4, 1))
  expect(happened).toHaveLength(4)
  expect(await working).toBe('done')
})

test('atOnce does not pause', () => {
  expect(atOnce(work(100, 10))).toBe('done')
})

test('a turn has the length and the pause that it is given, and counts the time worked', async () => {
  const pause = (): Promise<void> => {
    nowMs += 1000
    happened.push('pause')
    return Promise.resolve()
  }
  const turn = new Turn({ turnMs: 20, pause })
  await inTurns(work(5, 10), turn)
  expect(happened).toEqual(['step 1', 'step 2', 'pause', 'step 3', 'step 4', 'pause', 'step 5'])
  expect(turn.workedMs).toBe(50)
})

test('work ends with its pause', async () => {
  const working = inTurns(work(5, 10), new Turn({ pause: () => Promise.reject(new Error('stopped')) }))
  await expect(working).rejects.toThrow('stopped')
  expect(happened).toEqual(['step 1'])
})
