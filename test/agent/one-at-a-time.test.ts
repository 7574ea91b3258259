// Whose turn it is: what waits for whom, for how long, and what a defect does to all of it.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import { OneAtATime } from '../../src/agent/one-at-a-time.ts'
import { PATIENCE_MS } from '../../lab/patience.ts'
import { nextTurn } from './agent-in-process.ts'
import { gatherUncaught } from './uncaught.ts'

const NEVER = new Promise<void>(() => undefined)

let idle: jest.Mock<() => void>
let work: OneAtATime
let uncaught: unknown[]

beforeEach(async () => {
  idle = jest.fn()
  work = new OneAtATime(idle)
  uncaught = gatherUncaught()
  await work.begin(Promise.resolve())
})
afterEach(() => {
  jest.restoreAllMocks()
})

test('nothing is idle before the first of all has ended, nor ever if it fails', async () => {
  const first = Promise.withResolvers<undefined>()
  const other = new OneAtATime(idle)
  expect(other.isIdle()).toBe(false)
  const begun = other.begin(first.promise)
  expect({ idle: other.isIdle(), busy: other.busySinceMs }).toEqual({ idle: false, busy: expect.any(Number) })
  first.reject(new Error('refused'))
  await expect(begun).rejects.toThrow('refused')
  expect(other.isIdle()).toBe(false)
  await other.ended(PATIENCE_MS)
})

test('what is done already keeps nobody waiting', () => {
  work.waitFor(undefined)
  expect({ idle: work.isIdle(), busy: work.busySinceMs }).toEqual({ idle: true, busy: undefined })
  expect(idle).not.toHaveBeenCalled()
})

test('what takes its time is waited for, and its end is told', async () => {
  const slow = Promise.withResolvers<undefined>()
  work.waitFor(slow.promise)
  const act = jest.fn()
  const acted = work.whenIdle(act)
  await nextTurn()
  expect({ idle: work.isIdle(), acts: act.mock.calls.length }).toEqual({ idle: false, acts: 0 })
  slow.resolve(undefined)
  await acted
  expect(act).toHaveBeenCalledTimes(1)
  expect(idle).toHaveBeenCalledTimes(1)
  expect({ idle: work.isIdle(), busy: work.busySinceMs, uncaught }).toEqual({ idle: true, busy: undefined, uncaught: [] })
})

test('it is known since when nothing has come out of it', async () => {
  work.waitFor(NEVER)
  const sinceMs = work.busySinceMs
  expect(sinceMs).toBeLessThanOrEqual(performance.now())
  await sleep(5)
  expect(work.busySinceMs).toBe(sinceMs)
  work.goesOn()
  expect(work.busySinceMs).toBeGreaterThan(sinceMs!)
})

test.each([
  ['what is being done', () => work.waitFor(Promise.reject(new TypeError('a defect')))],
  ['what comes after it', () => {
    idle.mockImplementation(() => {
      throw new TypeError('a defect')
    })
    work.waitFor(Promise.resolve())
  }],
])('a defect of %s ends the process, also while somebody waits', async (_, begin) => {
  begin()
  const act = jest.fn()
  await work.whenIdle(act)
  await nextTurn()
  await nextTurn()
  expect(uncaught).toEqual([new TypeError('a defect')])
  expect(act).not.toHaveBeenCalled()
  expect(work.isStopped()).toBe(true)
})

test('after the end nobody has a turn', async () => {
  const slow = Promise.withResolvers<undefined>()
  work.waitFor(slow.promise)
  const act = jest.fn()
  const acted = work.whenIdle(act)
  work.stop()
  slow.resolve(undefined)
  await acted
  await work.ended(PATIENCE_MS)
  expect(act).not.toHaveBeenCalled()
  expect(work.isIdle()).toBe(false)
})

test('the end waits for what is being done, and not for ever', async () => {
  const slow = Promise.withResolvers<undefined>()
  const ended = jest.fn()
  work.waitFor(slow.promise)
  work.stop()
  const end = work.ended(PATIENCE_MS).then(ended)
  await sleep(5)
  expect(ended).not.toHaveBeenCalled()
  slow.resolve(undefined)
  await end
  const stuck = new OneAtATime(idle)
  await stuck.begin(Promise.resolve())
  stuck.waitFor(NEVER)
  await stuck.ended(20)
})
