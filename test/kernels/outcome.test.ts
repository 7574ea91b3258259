// What the runner makes of what machines say: also of one that stops in the middle, and of a console on which the kernel talks too.
import { expect, test } from '@jest/globals'
import { Outcome } from './outcome.ts'
import { type Record, recordIn } from './records.ts'
import type { KernelResults } from './results.ts'
import { filesOf } from './suite.ts'
import { resultsTable } from './table.ts'

const KERNEL = '@vethguard {"kind":"kernel","release":"6.1.0-9-cloud-amd64","version":"#1 SMP Debian 6.1.192-2 (2026-11-16)","machine":"x86_64"}'
const [FIRST, SECOND, THIRD] = ['test/netlink/a.test.ts', 'test/packets/b.test.ts', 'test/packets/c.test.ts'] as const

function file(name: string, failed = 0, said = ''): string {
  return `@vethguard ${JSON.stringify({ kind: 'file', file: name, passed: 5, failed, skipped: 1, ms: 1234, said })}`
}

function outcomeOf(lines: readonly string[], wanted: readonly string[]): { outcome: Outcome; said: string[] } {
  const said: string[] = []
  const outcome = new Outcome(wanted, (line) => said.push(line))
  for (const record of lines.map(recordIn)) if (record !== undefined) outcome.take(record)
  outcome.close(2)
  return { outcome, said }
}

test('a run that passes: a line for the kernel and each file', () => {
  const { outcome, said } = outcomeOf([KERNEL, 'noise', file(FIRST), '[  9.1] dmesg @vethguard {broken', file(SECOND), '@vethguard {"kind":"end","code":0}'], [FIRST, SECOND])
  expect(said).toEqual(['Linux 6.1.192-2 x86_64 is up', ...[FIRST, SECOND].map((name) => `passed  ${name}  5 passed, 1 skipped  1 s`)])
  expect(outcome.hasPassed).toBe(true)
})

test('a machine that ends in the middle: what it was at hung, and what it did not come to is missing', () => {
  const { outcome } = outcomeOf([KERNEL, file(FIRST), `@vethguard {"kind":"start","file":"${SECOND}"}`], [FIRST, SECOND, THIRD])
  expect(outcome.files.map(({ result }) => result)).toEqual(['passed', 'hung', 'missing'])
  expect(outcome.hasPassed).toBe(false)
})

test('a failed test, a file that cannot be loaded, and an exit code alone are failures', () => {
  const failed = `@vethguard ${JSON.stringify({ kind: 'test', file: FIRST, name: 'it holds', status: 'failed', ms: 1, said: 'why' } satisfies Record)}`
  expect(outcomeOf([failed, file(FIRST, 1)], [FIRST]).outcome).toMatchObject({ hasPassed: false, failures: [{ name: 'it holds', said: 'why' }] })
  expect(outcomeOf([file(FIRST, 0, 'SyntaxError'), '@vethguard {"kind":"end","code":0}'], [FIRST]).outcome.hasPassed).toBe(false)
  expect(outcomeOf([file(FIRST), '@vethguard {"kind":"end","code":1}'], [FIRST]).outcome.hasPassed).toBe(false)
})

test('the table says what was left out, what failed and what did not end', () => {
  const of = (result: 'passed' | 'failed' | 'hung', failed: number): KernelResults[string] => ({
    date: '2026-11-28', kernel: '6.1.192-2', arch: 'x86_64', isKvm: false, minutes: 20, machine: { cpu: 'a', cpus: 2, memoryGB: 24, kernel: '6.18' },
    files: [{ file: FIRST, result, passed: 5, failed, skipped: 1, seconds: 1 }],
  })
  const row = (results: KernelResults): string => resultsTable(results).split('\n')[2]!
  expect(row({ '6.1': of('passed', 0) })).toMatch(/ \| 5 passed, 1 left out \|$/)
  expect(row({ '6.1': of('failed', 2) })).toMatch(/ \| 2 of 7 failed, 1 left out \|$/)
  expect(row({ '6.1': of('hung', 0) })).toMatch(/ \| 1 files did not end \|$/)
})

test('the suite has every test of netlink and packets, and those of the machines', () => {
  const files = filesOf([])
  expect(files).toEqual(expect.arrayContaining(['test/netlink/nf-tables/round-trip.test.ts', 'test/packets/situations.test.ts', 'test/kernels/guest/tunnels.test.ts']))
  expect(filesOf(['test/guard']).every((name) => name.startsWith('test/guard/'))).toBe(true)
  expect(() => filesOf(['test/none'])).toThrow('test/none')
})
