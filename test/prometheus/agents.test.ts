// Real agents under traffic, scraped by a real Prometheus as the chart's PodMonitor says, and by another as docs/metrics.md says: every
// query of the dashboard has an answer, every alert can be evaluated, and those fire that should.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { MAX_BLOCKS } from '../../src/policy/limits.ts'
import { CHART, find, NAMESPACE, render } from '../chart/helm.ts'
import { templateOf } from '../chart/pod-template.ts'
import { Stage } from '../e2e/agent/stage.ts'
import { until } from '../e2e/cluster/until.ts'
import type { ApiObject } from '../e2e/resource-path.ts'
import type { Probe } from '../../lab/prober.ts'
import { docScrapeConfig } from './metrics-doc.ts'
import { panelQueries } from './panel-queries.ts'
import { Prometheus } from './prometheus.ts'
import { scrapeConfigOf } from './scrape-config.ts'

const VALUES = { listen: '$(HOST_IP):9611', podMonitor: { enabled: true } }
const WEB: Probe = { protocol: 'TCP', port: 80, family: 4 }
/** Connections of each client at a time; rates over five minutes are to be high after half a minute. */
const BURST = 200
/** Scrapes are a second apart. */
const QUERIES = panelQueries({ $node: '.*', $namespace: '.*', $__rate_interval: '10s', $__range: '2m' })

const state: { stage?: Stage; prometheus?: Prometheus; plain?: Prometheus; traffic?: Promise<void>; isOver?: boolean } = {}

beforeAll(async () => {
  const objects = await render(VALUES)
  const stage = await Stage.open({ podsPerNode: 2 })
  state.stage = stage
  await stage.addNamespace('shop')
  for (const [index, pod] of stage.lab.pods.entries()) await stage.addPod(pod, { namespace: 'shop', labels: { app: index === 0 ? 'server' : `client-${index}` } })
  for (const policy of POLICIES) await stage.server.admin.apply(policy)
  await addAgentPods(stage, find(objects, 'DaemonSet'))
  stage.startAgents({ flags: flagsOf(find(objects, 'DaemonSet')) })
  await stage.enforcing()
  state.traffic = sendTraffic(stage)
  const discovery = { kubeconfig: stage.server.kubeconfig, interval: '1s' }
  state.prometheus = await startPrometheus(stage, 0, scrapeConfigOf(find(objects, 'PodMonitor'), discovery))
  state.plain = await startPrometheus(stage, 1, docScrapeConfig(discovery))
}, 30 * 60_000)
afterAll(async () => {
  state.isOver = true
  await state.traffic
  await state.prometheus?.close()
  await state.plain?.close()
  await state.stage?.close()
})

function startPrometheus(stage: Stage, node: number, scrapeConfig: object): Promise<Prometheus> {
  const rules = join(CHART, 'files', 'alerts.yaml')
  return Prometheus.start({ namespace: stage.lab.nodes[node]!.namespace, folder: join(stage.folder, `prometheus${node}`), scrapeConfig, rules })
}

function policy(name: string, spec: object): ApiObject {
  return { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { namespace: 'shop', name }, spec }
}

const SERVER = { podSelector: { matchLabels: { app: 'server' } } }
const POLICIES = [
  policy('hit', { ...SERVER, ingress: [{ from: [{ podSelector: { matchLabels: { app: 'client-1' } } }] }] }),
  policy('never-hit', { ...SERVER, ingress: [{ from: [{ podSelector: { matchLabels: { app: 'nobody' } } }] }] }),
  policy('for-nobody', { podSelector: { matchLabels: { app: 'nobody' } }, policyTypes: ['Egress'] }),
  // More ipBlocks than one policy may have.
  policy('too-large', { ...SERVER, ingress: [{ from: Array.from({ length: MAX_BLOCKS + 1 }, (_, index) => ({ ipBlock: { cidr: `10.${index >> 8}.${index & 255}.0/24` } })) }] }),
]

/** The address of a lab node in the network that it shares with the API server. */
function hostIp(index: number): string {
  return `172.19.0.${10 + index}`
}

/** The agents' pods as a DaemonSet would have made them, where Prometheus looks for targets. */
async function addAgentPods(stage: Stage, daemonSet: ApiObject): Promise<void> {
  const { metadata: { labels }, spec } = templateOf(daemonSet)
  for (const [index, { name: nodeName }] of stage.lab.nodes.entries()) {
    const name = `vethguard-${nodeName}`
    const pod: ApiObject = {
      apiVersion: 'v1', kind: 'Pod', metadata: { namespace: NAMESPACE, name, labels },
      spec: { nodeName, hostNetwork: true, containers: spec.containers.map(({ name, ports }) => ({ name, image: 'none', ports })) },
    }
    await stage.server.admin.apply(pod)
    await stage.server.admin.mergeStatus(pod, { phase: 'Running', podIP: hostIp(index), podIPs: [{ ip: hostIp(index) }], hostIP: hostIp(index) })
  }
}

/** Those of the DaemonSet; each node's agent listens on all its addresses, since a flag is the same for both here. */
function flagsOf(daemonSet: ApiObject): string[] {
  return templateOf(daemonSet).spec.containers[0]!.args!.slice(1).map((flag) => flag.replace('$(HOST_IP)', ''))
}

/** The server is asked by all, all the time; one pretends to be another; and one becomes another for the policies and back. */
async function sendTraffic({ lab, prober, server }: Stage): Promise<void> {
  const [to, ...clients] = lab.pods
  for (let round = 1; state.isOver !== true; round += 1) {
    prober.judge(Array.from({ length: BURST }, () => clients.map((from) => ({ from, to: to!, probe: WEB }))).flat())
    prober.judge(Array.from({ length: BURST }, () => ({ from: clients[0]!, to: to!, probe: WEB, sourceAddress: clients[1]!.address4 })))
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'shop', name: clients[2]!.name } }
    await server.admin.merge(pod, { metadata: { labels: { app: `client-${1 + 2 * (round % 2)}` } } })
    await sleep(100)
  }
}

async function answered(expr: string, prometheus = state.prometheus!): Promise<void> {
  await until(`answer to ${expr}`, async () => {
    const samples = await prometheus.query(expr)
    return samples.some(({ value }) => Number.isFinite(value)) // quantiles of a node where nothing happens are NaN
  })
}

describe.each([
  ['PodMonitor', 'prometheus', 'kube-system/vethguard'],
  ['configuration of docs/metrics.md', 'plain', 'vethguard'],
] as const)('with the %s', (_, which, job) => {
  test('both agents are found and scraped', async () => {
    await until('healthy targets', async () => {
      const targets = await state[which]!.targets()
      return targets.length === 2 && targets.every(({ health }) => health === 'up')
    })
    const labels = (await state[which]!.targets()).map(({ labels }) => labels)
    expect(labels.map(({ node }) => node).sort()).toEqual(state.stage!.lab.nodes.map(({ name }) => name).sort())
    for (const each of labels) expect(each).toMatchObject({ container: 'vethguard', namespace: NAMESPACE, pod: expect.stringMatching(/^vethguard-/), job })
  })

  test('series have the labels of policies and pods beside those of the agent', async () => {
    const agent = `namespace="${NAMESPACE}", pod=~"vethguard-.*"`
    await answered(`vethguard_policy_hits_total{policy_namespace="shop", policy="hit", action="accept", ${agent}} > 0`, state[which])
    await answered(`vethguard_denied_packets_total{pod_namespace="shop", pod_name="pod0-0", direction="ingress", by="isolation", ${agent}} > 0`, state[which])
    const labels = (await state[which]!.query('{job!=""}')).flatMap(({ metric }) => Object.keys(metric))
    expect(labels.filter((label) => label.startsWith('exported_'))).toEqual([])
  })
})

test('what is never hit is told from what is', async () => {
  const { expr } = QUERIES.find(({ title }) => title === 'Never hit in the time shown')!
  await answered(expr)
  const names = (await state.prometheus!.query(expr)).map(({ metric }) => metric['policy'])
  expect(names.sort()).toEqual(['never-hit', 'too-large'])
})

test.each(QUERIES)('$title: $expr', async ({ expr }) => {
  await answered(expr)
})

test('dashboard and alerts ask for nothing that the agent does not have', async () => {
  const known = new Set(['up', ...(await state.prometheus!.metrics()).map((name) => name.replace(/_total$/, ''))])
  const exprs = [...QUERIES.map(({ expr }) => expr), ...(await state.prometheus!.rules()).map(({ query }) => query)]
  const asked = new Set(exprs.flatMap((expr) => expr.match(/\b(vethguard_|process_|up\b)[a-z_]*/g) ?? []).map((name) => name.replace(/_(bucket|total)$/, '')))
  expect(asked.size).toBeGreaterThan(30)
  expect([...asked].filter((name) => !known.has(name))).toEqual([])
})

const EXPECTED_ALERTS = ['VethguardDenialsSurge', 'VethguardPolicyInError', 'VethguardSpoofedPackets']

test('alerts are evaluated, and those that should be are about to fire', async () => {
  const active = async (): Promise<string[]> => (await state.prometheus!.rules()).filter(({ state }) => state !== 'inactive').map(({ name }) => name)
  await until('pending alerts', async () => (await active()).length >= EXPECTED_ALERTS.length)
  expect((await active()).sort()).toEqual(EXPECTED_ALERTS)
  const rules = await state.prometheus!.rules()
  expect(rules.filter(({ health }) => health !== 'ok')).toEqual([])
  const inError = rules.find(({ name }) => name === 'VethguardPolicyInError')!
  expect(inError.alerts[0]!.annotations['summary']).toBe('NetworkPolicy shop/too-large cannot be read in full')
})
