// The Network Policy API project's own suite for ClusterNetworkPolicy against a whole cluster: once with the definitions of the
// standard channel, once with those of the experimental channel and all its features. Each run writes the project's report.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CaseResult } from './case-result.ts'
import { goTest } from './cluster/binaries.ts'
import type { Cluster } from './cluster/cluster.ts'
import { CHANNELS, installPolicyCrd, NETWORK_POLICY_API, removePolicyCrd, type Channel } from './cluster/policy-crds.ts'
import { judgeReport, reportFlags } from './conformance-report.ts'
import { readTestLog } from './go-test-log.ts'
import { runSuiteProgram } from './suite-program.ts'

export interface ConformanceOptions {
  /** A regular expression over the names of tests, or two with a slash between them, for tests and their steps. All if it is empty. */
  readonly run: string
  readonly timeoutMs: number
  /** For logs and reports. */
  readonly folder: string
}

const TEST = 'TestConformanceProfiles'
/** The fixture's pods stay for the second run. */
const FLAGS: Readonly<Record<Channel, readonly string[]>> = {
  standard: ['--cleanup-base-resources=false'],
  experimental: ['--all-features'],
}

export async function runConformanceSuite(cluster: Cluster, options: ConformanceOptions): Promise<CaseResult[]> {
  const program = await goTest(NETWORK_POLICY_API, 'conformance')
  const results: CaseResult[] = []
  for (const channel of CHANNELS) {
    await installPolicyCrd(cluster.admin, channel)
    const inChannel = await runChannel(cluster, program, channel, options)
    results.push(...inChannel.map((result) => ({ ...result, name: `${channel} channel: ${result.name}` })))
  }
  await removePolicyCrd(cluster.admin)
  if (results.length === 0) throw new Error(`no test of the suite has run: ${options.folder} has the logs`)
  return results
}

async function runChannel(cluster: Cluster, program: string, channel: Channel, { run, timeoutMs, folder }: ConformanceOptions): Promise<CaseResult[]> {
  const [log, report] = [join(folder, `${channel}.log`), join(folder, `${channel}.yaml`)]
  await runSuiteProgram(cluster, [
    program, '-test.v=test2json', `-test.run=${pattern(run)}`, `-test.timeout=${timeoutMs}ms`, ...FLAGS[channel], ...reportFlags(),
    ...run === '' ? [`--report-output=${report}`] : [], // a report would say of tests left out that they passed
  ], log)
  const results = readTestLog(readFileSync(log, 'utf8'), TEST)
  return run === '' ? [...results, judgeReport(existsSync(report) ? readFileSync(report, 'utf8') : '', channel)] : results
}

/** Go splits a pattern at slashes first, and at bars outside of parentheses. */
function pattern(run: string): string {
  return [`^${TEST}$`, ...run.split('/')].map((level) => `(${level})`).join('/')
}
