// A plain Prometheus without honor_labels, whose targets have all labels that scrapers add: series keep theirs beside them, and the
// dashboard shows the right numbers. The agents are made up, so that the numbers are known and ClusterNetworkPolicies are among them.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { CHART } from '../chart/helm.ts'
import { until } from '../e2e/cluster/until.ts'
import { TARGET_LABELS } from '../observe/target-labels.ts'
import { MadeUpAgents } from './made-up-agents.ts'
import { panelQueries } from './panel-queries.ts'
import { Prometheus, type Sample } from './prometheus.ts'

const WINDOW_SECONDS = 10
const WINDOW = `${WINDOW_SECONDS}s`
/** By how much a rate may be wrong because scrapes are late. */
const TOLERANCE = 0.25

const folder = mkdtempSync(join(tmpdir(), 'vethguard-plain-'))
const state: { agents?: MadeUpAgents; prometheus?: Prometheus } = {}

beforeAll(async () => {
  const agents = new MadeUpAgents()
  state.agents = agents
  state.prometheus = await Prometheus.start({
    namespace: agents.namespace,
    folder,
    scrapeConfig: { job_name: 'vethguard', scrape_interval: '1s', static_configs: agents.targets },
    rules: join(CHART, 'files', 'alerts.yaml'),
  })
}, 30 * 60_000)
afterAll(async () => {
  await state.prometheus?.close()
  state.agents?.close()
  rmSync(folder, { recursive: true })
})

async function query(expr: string): Promise<Sample[]> {
  return state.prometheus!.query(expr)
}

test('every series has all labels of its target, and none is renamed', async () => {
  await until('series of both agents', async () => (await query('vethguard_policy_hits_total{policy="web"}')).length === 4)
  const series = (await query('{__name__=~"vethguard_.*|process_.*"}')).map(({ metric }) => metric)
  expect(series.length).toBeGreaterThan(100)
  for (const labels of series) {
    expect(Object.keys(labels)).toEqual(expect.arrayContaining([...TARGET_LABELS]))
    expect(labels).toMatchObject({ namespace: 'kube-system', pod: `vethguard-${labels['node']}`, job: 'vethguard' })
    expect(Object.keys(labels).filter((label) => label.startsWith('exported_'))).toEqual([])
  }
})

/** By panel: value by labels, as they follow each other in the alphabet, of both agents together. */
const SHOWN: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'Denied now': { '': 24 },
  'Policies in error': { '': 2 },
  'Hits, by action': {
    'action=accept policy_kind=NetworkPolicy': 20,
    'action=deny policy_kind=ClusterNetworkPolicy': 40,
    'action=pass policy_kind=ClusterNetworkPolicy': 10,
  },
  'Hits, by policy': {
    'action=accept direction=egress policy=web policy_namespace=shop': 0,
    'action=accept direction=ingress policy=idle policy_namespace=shop': 0,
    'action=accept direction=ingress policy=web policy_namespace=shop': 20,
    'action=deny direction=egress policy=tenants': 40,
    'action=pass direction=egress policy=tenants': 10,
  },
  'Hits in the time shown': {
    'action=accept direction=ingress policy=web policy_kind=NetworkPolicy policy_namespace=shop': 20 * WINDOW_SECONDS,
    'action=deny direction=egress policy=tenants policy_kind=ClusterNetworkPolicy': 40 * WINDOW_SECONDS,
    'action=pass direction=egress policy=tenants policy_kind=ClusterNetworkPolicy': 10 * WINDOW_SECONDS,
  },
  'Never hit in the time shown': { 'policy=idle policy_kind=NetworkPolicy policy_namespace=shop': 0 },
  'In error': { 'policy=broken policy_kind=ClusterNetworkPolicy': 1, 'policy=broken policy_kind=NetworkPolicy policy_namespace=data': 1 },
  'Warnings': { 'policy=idle policy_kind=NetworkPolicy policy_namespace=shop reason=peer-matches-nothing': 1 },
  'Denied packets, by what denies': { 'by=admin direction=egress': 12, 'by=baseline direction=egress': 4, 'by=isolation direction=ingress': 8 },
  'Denied packets, by pod': {
    'direction=egress pod_name=api pod_namespace=shop': 12,
    'direction=egress pod_name=db pod_namespace=data': 4,
    'direction=ingress pod_name=api pod_namespace=shop': 8,
  },
  'Denied in the time shown': {
    'by=admin direction=egress pod_name=api pod_namespace=shop': 12 * WINDOW_SECONDS,
    'by=baseline direction=egress pod_name=db pod_namespace=data': 4 * WINDOW_SECONDS,
    'by=isolation direction=ingress pod_name=api pod_namespace=shop': 8 * WINDOW_SECONDS,
  },
}

/** What a panel shows, with these namespaces of policies and pods. */
async function shown(title: string, namespaces: string): Promise<Record<string, number>> {
  const queries = panelQueries({ $node: '.*', $namespace: namespaces, $__rate_interval: WINDOW, $__range: WINDOW })
  const samples = await query(queries.find((each) => each.title === title)!.expr)
  return Object.fromEntries(samples.map(({ metric, value }) => [Object.entries(metric).map((pair) => pair.join('=')).sort().join(' '), value]))
}

async function untilShown(title: string, expected: Readonly<Record<string, number>>, namespaces = '.*'): Promise<void> {
  let last: Record<string, number> = {}
  const isRight = async (): Promise<boolean> => {
    last = await shown(title, namespaces)
    return Object.keys(last).sort().join() === Object.keys(expected).sort().join()
      && Object.entries(expected).every(([labels, value]) => Math.abs(last[labels]! - value) <= TOLERANCE * value)
  }
  await until(`right numbers in "${title}"`, isRight).catch(() => expect(last).toEqual(expected))
}

test.each(Object.entries(SHOWN))('the dashboard has the right numbers: %s', async (title, expected) => {
  await untilShown(title, expected)
})

test("a namespace that is selected is the policy's and the pod's, not the agent's", async () => {
  await untilShown('Denied now', { '': 4 }, 'data')
  await untilShown('Hits, by action', { 'action=accept policy_kind=NetworkPolicy': 20 }, 'shop')
  await untilShown('Denied now', {}, 'kube-system')
})
