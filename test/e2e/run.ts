// `npm run e2e`: whole clusters, one for each way of wiring pods and Services; an agent on each node, checks of our own, and the
// upstream suites. Ends with 0 when everything passes.
//   npm run e2e -- [--layouts ptp-nftables,bridge-iptables,...] [--agents chart|host|none] [--values JSON] [--check REGEX] [--no-suite]
//     [--focus REGEX] [--skip REGEX] [--parallel N] [--[no-]cluster-policies] [--conformance-run REGEX] [--timeout-minutes N]
//     [--logs FOLDER] [--look]
import { mkdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Agents } from './cluster/agents.ts'
import type { Values } from '../chart/helm.ts'
import { buildImage, type Image } from '../image/image.ts'
import type { CaseResult } from './case-result.ts'
import { CHECKS, lastChecks, releaseChecks } from './cluster/checks/all.ts'
import { runChecks, type Check } from './cluster/checks/check.ts'
import { Cluster } from './cluster/cluster.ts'
import { keepEvidence } from './cluster/evidence.ts'
import { HostAgents } from './cluster/host-agents.ts'
import { LAYOUTS, layoutsNamed, type Layout } from './cluster/layout.ts'
import { leftoversOf } from './cluster/leftovers.ts'
import { Release } from './cluster/release.ts'
import { runConformanceSuite } from './conformance-suite.ts'
import { runUpstreamSuite } from './upstream-suite.ts'

const { values } = parseArgs({
  allowNegative: true,
  options: {
    layouts: { type: 'string', default: LAYOUTS.map(({ name }) => name).join() },
    /** `chart`: image and Helm release; `host`: processes of the host; `none`: the checks that need an agent have to fail. */
    agents: { type: 'string', default: 'chart' },
    /** JSON, over the values of the chart. */
    values: { type: 'string', default: '{}' },
    check: { type: 'string', default: '' },
    suite: { type: 'boolean', default: true },
    focus: { type: 'string' },
    skip: { type: 'string' },
    parallel: { type: 'string', default: '2' },
    /** The suite for ClusterNetworkPolicy; by default in the layouts that have the whole of the other. */
    'cluster-policies': { type: 'boolean' },
    'conformance-run': { type: 'string', default: '' },
    'timeout-minutes': { type: 'string', default: '60' },
    /** What is worth looking at after a failure, and the logs of all agents. */
    logs: { type: 'string', default: join(tmpdir(), 'vethguard-e2e-logs') },
    /** Ends each cluster only at Ctrl-C, and says how to reach it. */
    look: { type: 'boolean', default: false },
  },
})

/** Where not all of the suite runs: one case each of ingress, egress, ipBlocks, ports and UDP. */
const BRIEF = 'default-deny-all|deny egress from pods based on PodSelector|except clause|on Ports|UDP.*pod in a different namespace'

process.exitCode = await main()

async function main(): Promise<number> {
  const image = values.agents === 'chart' ? await timed('image', buildImage) : undefined
  try {
    const results: CaseResult[] = []
    for (const layout of layoutsNamed(values.layouts)) results.push(...await timed(layout.name, () => tryLayout(layout, image)))
    const failed = results.filter(({ passed }) => !passed)
    for (const { name } of failed) console.log(`failed: ${name}`)
    console.log(`${results.length} cases, ${failed.length} failed`)
    return failed.length === 0 && results.length > 0 ? 0 : 1
  } finally {
    image?.close()
  }
}

async function tryLayout(layout: Layout, image: Image | undefined): Promise<CaseResult[]> {
  const cluster = await timed('cluster', () => Cluster.start(layout))
  let agents: Agents | undefined
  try {
    agents = await timed('agents', () => startAgents(cluster, image))
    if (values.look) await lookAround(cluster)
    const results = await tryCluster(cluster, layout, agents)
    return results.map((result) => ({ ...result, name: `${layout.name}: ${result.name}` }))
  } finally {
    await agents?.close()
    await timed('removal', () => cluster.close())
    assertNothingLeft(cluster)
  }
}

async function startAgents(cluster: Cluster, image: Image | undefined): Promise<Agents | undefined> {
  if (values.agents === 'none') return undefined
  if (values.agents === 'host') return HostAgents.start(cluster)
  if (image === undefined) throw new Error(`--agents ${values.agents}: must be chart, host or none`)
  const release = await Release.prepare(cluster, image.archive, JSON.parse(values.values) as Values)
  await release.install()
  return release
}

/** Checks, the suites, and what ends a release. */
async function tryCluster(cluster: Cluster, layout: Layout, agents: Agents | undefined): Promise<CaseResult[]> {
  const release = agents instanceof Release ? agents : undefined
  const run = async (checks: readonly Check[]): Promise<CaseResult[]> => runChecks(checks.filter(isWanted), {
    cluster, agents, report,
    onFailure: (check) => tryToKeepEvidence(cluster, agents, join(values.logs, layout.name, check.replaceAll(/\W+/g, '-').slice(0, 60))),
  })
  const results = await timed('checks', () => run([...CHECKS, ...release === undefined ? [] : releaseChecks(release)]))
  results.push(...await trySuites(cluster, layout, agents))
  await tryToKeepEvidence(cluster, agents, join(values.logs, layout.name))
  if (release !== undefined) results.push(...await timed('end', () => run(lastChecks(release, layout))))
  return results
}

/** A cluster that cannot even be looked at is no reason to end. */
async function tryToKeepEvidence(cluster: Cluster, agents: Agents | undefined, folder: string): Promise<void> {
  await keepEvidence(cluster, agents, folder).catch((error: unknown) => console.log(`${folder} is not complete:`, error))
}

function isWanted({ name }: Check): boolean {
  return new RegExp(values.check).test(name)
}

async function trySuites(cluster: Cluster, { name: layout, isWhole }: Layout, agents: Agents | undefined): Promise<CaseResult[]> {
  const results: CaseResult[] = []
  const timeoutMs = Number(values['timeout-minutes']) * 60_000
  const trySuite = async (name: string, run: (folder: string) => Promise<CaseResult[]>): Promise<void> => {
    const cases = await timed(name, () => run(emptyFolder(join(values.logs, layout, name))))
    cases.forEach(report)
    await agents?.assertHealthy()
    results.push(...cases)
  }
  if (values.suite) await trySuite('suite', (folder) => runUpstreamSuite(cluster, {
    folder, timeoutMs, parallel: Number(values.parallel), focus: values.focus ?? (isWhole ? 'Netpol' : BRIEF), skip: values.skip,
  }))
  if (values['cluster-policies'] ?? isWhole) await trySuite('cluster-policies', (folder) => runConformanceSuite(cluster, {
    folder, timeoutMs, run: values['conformance-run'],
  }))
  return results
}

function emptyFolder(folder: string): string {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  return folder
}

function assertNothingLeft({ prefix }: Cluster): void {
  const left = leftoversOf(prefix)
  if (left.length > 0) throw new Error(`the cluster has left behind:\n${left.join('\n')}`)
}

async function lookAround({ controlNode: { namespace }, kubeconfig }: Cluster): Promise<never> {
  console.log(`ip netns exec ${namespace} kubectl --kubeconfig ${kubeconfig} get nodes; Ctrl-C removes the cluster`)
  for (;;) await sleep(60_000)
}

function report({ name, passed, seconds, failure }: CaseResult): void {
  console.log(`${passed ? 'pass' : 'FAIL'} ${seconds.toFixed(0).padStart(4)} s  ${name}${failure === '' ? '' : `\n${failure}`}`)
}

async function timed<T>(what: string, run: () => Promise<T>): Promise<T> {
  const start = performance.now()
  try {
    return await run()
  } finally {
    console.log(`${what}: ${((performance.now() - start) / 1000).toFixed(1)} s`)
  }
}
