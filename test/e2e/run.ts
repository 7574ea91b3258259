// `npm run e2e`: whole clusters, one for each way of wiring pods and Services; an agent on each node, checks of our own, and the
// upstream NetworkPolicy suite. Ends with 0 when everything passes.
//   npm run e2e -- [--layouts ptp-nftables,bridge-iptables,...] [--agents host|none] [--check REGEX] [--focus REGEX] [--skip REGEX]
//     [--no-suite] [--parallel N] [--timeout-minutes N] [--logs FOLDER] [--look]
import { cpSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Agents } from './cluster/agents.ts'
import { CHECKS } from './cluster/checks/all.ts'
import { runChecks } from './cluster/checks/check.ts'
import { Cluster } from './cluster/cluster.ts'
import { keepEvidence } from './cluster/evidence.ts'
import { HostAgents } from './cluster/host-agents.ts'
import { LAYOUTS, layoutsNamed, type Layout } from './cluster/layout.ts'
import { leftoversOf } from './cluster/leftovers.ts'
import { runUpstreamSuite, type CaseResult } from './upstream-suite.ts'

const { values } = parseArgs({
  allowNegative: true,
  options: {
    layouts: { type: 'string', default: LAYOUTS.map(({ name }) => name).join() },
    /** `none`: the checks that need an agent have to fail. */
    agents: { type: 'string', default: 'host' },
    check: { type: 'string', default: '' },
    suite: { type: 'boolean', default: true },
    focus: { type: 'string' },
    // The kernel of a test machine may have no SCTP sockets.
    skip: { type: 'string', default: 'SCTPConnectivity' },
    parallel: { type: 'string', default: '2' },
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
  const results: CaseResult[] = []
  for (const layout of layoutsNamed(values.layouts)) results.push(...await timed(layout.name, () => tryLayout(layout)))
  const failed = results.filter(({ passed }) => !passed)
  for (const { name } of failed) console.log(`failed: ${name}`)
  console.log(`${results.length} cases, ${failed.length} failed`)
  return failed.length === 0 && results.length > 0 ? 0 : 1
}

async function tryLayout(layout: Layout): Promise<CaseResult[]> {
  const cluster = await timed('cluster', () => Cluster.start(layout))
  const logs = join(values.logs, layout.name)
  let agents: Agents | undefined
  try {
    agents = await startAgents(cluster)
    if (values.look) await lookAround(cluster)
    const results = await tryCluster(cluster, layout, agents)
    await keepEvidence(cluster, agents, logs)
    return results.map((result) => ({ ...result, name: `${layout.name}: ${result.name}` }))
  } finally {
    await agents?.close()
    await timed('removal', () => cluster.close())
    assertNothingLeft(cluster)
  }
}

async function tryCluster(cluster: Cluster, { name, isWhole }: Layout, agents: Agents | undefined): Promise<CaseResult[]> {
  const checks = CHECKS.filter((check) => new RegExp(values.check).test(check.name))
  const results = await timed('checks', () => runChecks(checks, {
    cluster, agents, report, onFailure: (check) => keepEvidence(cluster, agents, join(values.logs, name, check.replaceAll(/\W+/g, '-'))),
  }))
  if (!values.suite) return results
  const suite = await timed('suite', () => runUpstreamSuite(cluster, {
    focus: values.focus ?? (isWhole ? 'Netpol' : BRIEF),
    skip: values.skip, parallel: Number(values.parallel), timeoutMs: Number(values['timeout-minutes']) * 60_000,
  }))
  cpSync(join(cluster.folder, 'suite'), join(values.logs, name, 'suite'), { recursive: true })
  await agents?.assertHealthy()
  suite.forEach(report)
  return [...results, ...suite]
}

async function startAgents(cluster: Cluster): Promise<Agents | undefined> {
  if (values.agents === 'none') return undefined
  if (values.agents !== 'host') throw new Error(`--agents ${values.agents}: must be host or none`)
  return HostAgents.start(cluster)
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
