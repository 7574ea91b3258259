// The report that the suite for ClusterNetworkPolicy writes: whose conformance it is about, and what it says.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import type { CaseResult } from './case-result.ts'
import { CHANNELS, type Channel } from './cluster/policy-crds.ts'

/** How many tests the suite has at each level of support. */
const TESTS: Readonly<Record<Channel, number>> = { standard: 24, experimental: 6 }
const PACKAGE = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  readonly name: string
  readonly repository: { readonly url: string }
}

interface Level {
  readonly result: 'success' | 'failure'
  readonly statistics: { readonly Passed: number }
}

interface Report {
  readonly profiles: readonly [Readonly<Partial<Record<Channel, Level>>>]
}

/** Flags of the suite that name the implementation and its version. */
export function reportFlags(): string[] {
  const url = PACKAGE.repository.url.replace(/^git\+(.*)\.git$/, '$1')
  const { GITHUB_RUN_ID: run, GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository } = process.env
  return Object.entries({
    'conformance-profiles': 'ClusterNetworkPolicy',
    organization: PACKAGE.name,
    project: PACKAGE.name,
    url,
    version: execFileSync('git', ['describe', '--tags', '--always', '--dirty'], { cwd: import.meta.dirname, encoding: 'utf8' }).trim(),
    contact: `${url}/issues/new`,
    'additional-info': run === undefined ? 'not a public run' : `${server}/${repository}/actions/runs/${run}`,
  }).map(([flag, value]) => `--${flag}=${value}`)
}

/** Fails unless the report says success and counts all tests of the channel. @param report is empty if the suite wrote none */
export function judgeReport(report: string, channel: Channel): CaseResult {
  const levels = CHANNELS.slice(0, CHANNELS.indexOf(channel) + 1)
  const name = `report of ${levels.map((level) => `${TESTS[level]} ${level}`).join(' and ')} tests`
  if (report === '') return { name, passed: false, seconds: 0, failure: 'the suite did not come to its end' }
  const { profiles: [profile] } = parse(report) as Report
  const passed = levels.every((level) => profile[level]?.result === 'success' && profile[level].statistics.Passed === TESTS[level])
  return { name, passed, seconds: 0, failure: passed ? '' : report }
}
