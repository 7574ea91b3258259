// What Go says of a test with parts, as it printed it.
import { expect, test } from '@jest/globals'
import { readTestLog } from './go-test-log.ts'

const MARK = '\u0016'
const SKIPPED = `${MARK}=== RUN   Root/Skipped
    suite.go:210: not supported
${MARK}--- SKIP: Root/Skipped (0.00s)
`
const FAILED = `${MARK}=== RUN   Root/Failed
    apply.go:146: Creating a policy
${MARK}=== RUN   Root/Failed/first_step
${MARK}--- PASS: Root/Failed/first_step (0.50s)
${MARK}=== NAME  Root/Failed
${MARK}=== RUN   Root/Failed/second_step
    helper.go:71: it connected
    helper.go:71: it connected
    helper.go:70: 
        \tError:      \tCondition never satisfied
${MARK}--- FAIL: Root/Failed/second_step (10.01s)
${MARK}=== NAME  Root/Failed
    apply.go:154: Deleting a policy
${MARK}--- FAIL: Root/Failed (10.61s)
`
const PASSED = `${MARK}=== RUN   Root/Passed
${MARK}=== RUN   Root/Passed/step
${MARK}--- PASS: Root/Passed/step (3.00s)
${MARK}=== NAME  Root/Passed
${MARK}--- PASS: Root/Passed (3.02s)
`
const log = (...parts: string[]): string => `${MARK}=== RUN   Root\n    main_test.go:1: Setup\n${parts.join('')}`

test('outcomes and durations of the parts, not of their steps; skipped ones are left out', () => {
  const end = `${MARK}=== NAME  Root\n    main_test.go:2: Report\n${MARK}--- FAIL: Root (14.00s)\n${MARK}=== NAME  \n${MARK}FAIL\n`
  expect(readTestLog(log(SKIPPED, FAILED, PASSED, end), 'Root')).toEqual([
    { name: 'Failed', passed: false, seconds: 10.61, failure: expect.any(String) },
    { name: 'Passed', passed: true, seconds: 3.02, failure: '' },
  ])
})

test('a failure has what the part and its steps have said, each line once, and nothing of others', () => {
  const [{ failure } = { failure: '' }] = readTestLog(log(FAILED, PASSED), 'Root')
  expect(failure.split('\n').filter((line) => line.includes('it connected'))).toHaveLength(1)
  expect(failure).toContain('Condition never satisfied')
  expect(failure).toContain('--- FAIL: Root/Failed/second_step')
  expect(failure).not.toMatch(/Setup|Passed/)
})

test('a part that has not ended has failed', () => {
  const cut = PASSED.slice(0, PASSED.indexOf('--- PASS: Root/Passed/step'))
  const panic = 'panic: test timed out after 1h0m0s\n'
  expect(readTestLog(log(FAILED, cut, panic), 'Root')).toMatchObject([{ name: 'Failed' }, { name: 'Passed', passed: false }])
  expect(readTestLog(log(cut, panic), 'Root')[0]?.failure).toContain('timed out')
})

test('no parts, no results', () => {
  expect(readTestLog(log(`${MARK}--- FAIL: Root (300.00s)\n`), 'Root')).toEqual([])
})
