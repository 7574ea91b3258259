// Reports as the suite writes them.
import { expect, test } from '@jest/globals'
import { stringify } from 'yaml'
import { judgeReport, reportFlags } from './conformance-report.ts'

interface Counts {
  readonly Passed: number
  readonly Failed?: number
}
const level = ({ Passed, Failed = 0 }: Counts): object => ({
  result: Failed === 0 ? 'success' : 'failure', statistics: { Failed, Passed, Skipped: 0 }, summary: '',
})
const report = (levels: Readonly<Record<string, Counts>>): string => stringify({
  kind: 'ConformanceReport',
  networkPolicyBundleVersion: 'v0.3.0',
  profiles: [{ name: 'ClusterNetworkPolicy', ...Object.fromEntries(Object.entries(levels).map(([name, counts]) => [name, level(counts)])) }],
})

test('passes when all tests of the channel have passed', () => {
  expect(judgeReport(report({ standard: { Passed: 24 } }), 'standard')).toMatchObject({ passed: true, failure: '', name: 'report of 24 standard tests' })
  expect(judgeReport(report({ standard: { Passed: 24 }, experimental: { Passed: 6 } }), 'experimental')).toMatchObject({ passed: true })
})

test.each([
  ['a test has failed', report({ standard: { Passed: 23, Failed: 1 } })],
  ['a test is missing, and the report says success', report({ standard: { Passed: 23 } })],
])('fails when %s, and the failure is the report', (_, text) => {
  expect(judgeReport(text, 'standard')).toMatchObject({ passed: false, failure: text })
})

test.each([
  ['has failed', report({ standard: { Passed: 24 }, experimental: { Passed: 5, Failed: 1 } })],
  ['is missing', report({ standard: { Passed: 24 } })],
])('fails when the experimental level %s', (_, text) => {
  expect(judgeReport(text, 'experimental').passed).toBe(false)
})

test('fails when there is no report', () => {
  expect(judgeReport('', 'standard')).toMatchObject({ passed: false, failure: expect.stringContaining('end') })
})

test('no flag is empty: the suite refuses to start', () => {
  for (const flag of reportFlags()) expect(flag).toMatch(/^--[a-z-]+=./)
  expect(reportFlags()).toContain('--url=https://github.com/vethguard/vethguard')
})
