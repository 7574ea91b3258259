import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import { OutageLog } from '../../src/base/outage-log.ts'
import { keepingLog, type LogLine } from '../agent/log-lines.ts'

let nowMs: number
let lines: LogLine[]
let outage: OutageLog

beforeEach(() => {
  nowMs = 1000
  jest.spyOn(performance, 'now').mockImplementation(() => nowMs)
  const { log, lines: kept } = keepingLog()
  lines = kept
  outage = new OutageLog(log, { level: 'warn', endMessage: 'works again' })
})

afterEach(() => {
  jest.restoreAllMocks()
})

function reportAt(atMs: number, message = 'does not work'): void {
  nowMs = atMs
  outage.report(message, new Error('why'))
}

test('an outage is logged when it begins, every 30 s while it lasts, and when it ends', () => {
  for (let atMs = 1000; atMs <= 62_000; atMs += 1000) reportAt(atMs)
  expect(outage.message).toBe('does not work')
  nowMs = 63_000
  outage.end()
  outage.end()
  expect(outage.message).toBeUndefined()
  expect(lines).toMatchObject([
    { level: 'warn', msg: 'does not work', lastsMs: 0, err: { message: 'why' } },
    { level: 'warn', msg: 'does not work', lastsMs: 30_000 },
    { level: 'warn', msg: 'does not work', lastsMs: 60_000 },
    { level: 'info', msg: 'works again', lastedMs: 62_000 },
  ])
})

test('another message is logged at once, and belongs to the same outage', () => {
  reportAt(1000)
  reportAt(2000, 'something else does not work')
  expect(lines).toMatchObject([{ lastsMs: 0 }, { msg: 'something else does not work', lastsMs: 1000 }])
  expect(outage.message).toBe('something else does not work')
})

test('a failure after a long time without one begins a new outage', () => {
  reportAt(1000)
  reportAt(61_001)
  expect(lines).toMatchObject([{ lastsMs: 0 }, { lastsMs: 0 }])
})

test('nothing is logged at the end if there was no outage', () => {
  outage.end()
  expect(lines).toEqual([])
})
