// `npm run e2e`: a whole cluster, an agent on each node, and the upstream NetworkPolicy suite. Ends with 0 when all cases pass.
//   node test/e2e/run.ts [--cni ptp|bridge] [--proxy-mode nftables|iptables] [--focus REGEX] [--parallel N]
//     [--nodes N] [--timeout-minutes N] [--no-agent] [--logs FOLDER] [--look]
import { cpSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Account, AGENT_RULES } from './account.ts'
import { Cluster } from './cluster/cluster.ts'
import type { Daemon } from './cluster/daemon.ts'
import { leftoversOf } from './cluster/leftovers.ts'
import type { Cni, ProxyMode } from './cluster/node-files.ts'
import { startNodeAgent } from './node-agent.ts'
import { runUpstreamSuite, type CaseResult } from './upstream-suite.ts'

const { values } = parseArgs({
  allowNegative: true,
  options: {
    cni: { type: 'string', default: 'ptp' },
    'proxy-mode': { type: 'string', default: 'nftables' },
    nodes: { type: 'string', default: '2' },
    focus: { type: 'string', default: 'Netpol' },
    // The kernel of a test machine may have no SCTP sockets.
    skip: { type: 'string', default: 'SCTPConnectivity' },
    parallel: { type: 'string', default: '2' },
    'timeout-minutes': { type: 'string', default: '45' },
    agent: { type: 'boolean', default: true },
    /** Where to copy the logs of the agents and of the suite. */
    logs: { type: 'string' },
    /** Ends the cluster only at Ctrl-C, and says how to reach it. */
    look: { type: 'boolean', default: false },
  },
})

process.exitCode = await main()

async function main(): Promise<number> {
  const cluster = await timed('cluster', () => Cluster.start({
    nodes: Number(values.nodes),
    cni: oneOf<Cni>(values.cni, ['bridge', 'ptp']),
    proxyMode: oneOf<ProxyMode>(values['proxy-mode'], ['iptables', 'nftables']),
  }))
  try {
    const agents = values.agent ? await startAgents(cluster) : []
    if (values.look) await lookAround(cluster)
    const results = await timed('suite', () => runUpstreamSuite(cluster, {
      focus: values.focus, skip: values.skip, parallel: Number(values.parallel), timeoutMs: Number(values['timeout-minutes']) * 60_000,
    }))
    for (const agent of agents) agent.assertRunning()
    return report(results)
  } finally {
    if (values.logs !== undefined) keepLogs(cluster, values.logs)
    await timed('removal', () => cluster.close())
    assertNothingLeft(cluster)
  }
}

function keepLogs({ folder }: Cluster, target: string): void {
  const isWanted = (name: string): boolean => name === 'suite' || name.startsWith('agent-')
  for (const name of readdirSync(folder).filter(isWanted)) cpSync(join(folder, name), join(target, name), { recursive: true })
}

function assertNothingLeft({ prefix }: Cluster): void {
  const left = leftoversOf(prefix)
  if (left.length > 0) throw new Error(`the cluster has left behind:\n${left.join('\n')}`)
}

/** With the rights that the chart grants. */
async function startAgents(cluster: Cluster): Promise<Daemon[]> {
  const account = await Account.create(cluster.plane, 'vethguard', AGENT_RULES)
  await account.close() // only its kubeconfig is of use here
  return cluster.nodes.map(({ name, namespace }) => startNodeAgent({
    nodeName: name, namespace, kubeconfig: account.kubeconfig, folder: cluster.folder,
  }))
}

async function lookAround(cluster: Cluster): Promise<never> {
  const { controlNode: { namespace }, kubeconfig } = cluster
  console.log(`ip netns exec ${namespace} kubectl --kubeconfig ${kubeconfig} get nodes; Ctrl-C removes the cluster`)
  for (;;) await sleep(60_000)
}

function report(results: readonly CaseResult[]): number {
  for (const { name, passed, seconds, failure } of results) {
    console.log(`${passed ? 'pass' : 'FAIL'} ${seconds.toFixed(0).padStart(4)} s  ${name}${failure === '' ? '' : `\n${failure}`}`)
  }
  const failed = results.filter(({ passed }) => !passed).length
  console.log(`${results.length} cases, ${failed} failed`)
  return failed === 0 && results.length > 0 ? 0 : 1
}

async function timed<T>(what: string, run: () => Promise<T>): Promise<T> {
  const start = performance.now()
  try {
    return await run()
  } finally {
    console.log(`${what}: ${((performance.now() - start) / 1000).toFixed(1)} s`)
  }
}

function oneOf<T extends string>(value: string, choices: readonly T[]): T {
  const choice = choices.find((candidate) => candidate === value)
  if (choice === undefined) throw new Error(`${value} is none of ${choices.join(', ')}`)
  return choice
}
