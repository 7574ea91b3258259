// What a scrape says, from an agent that says what it is told to.
import { afterEach, describe, expect, jest, test } from '@jest/globals'
import type { PodKey, PolicyKey } from '../../src/cluster/objects.ts'
import type { Metrics, MetricsOptions } from '../../src/observe/metrics.ts'
import type { AgentView } from '../../src/agent/view.ts'
import type { HitTotals } from '../../src/counters/totals.ts'
import type { KubeStatus } from '../../src/observe/watch-metrics.ts'
import { until } from '../../lab/patience.ts'
import { BAD, denial, fakeView, hit, metricsOf, NO_HITS } from './fake-view.ts'
import { labelled, seriesIn } from './series.ts'

const made: Metrics[] = []

function metrics(options: Partial<MetricsOptions> = {}): Metrics {
  const all = metricsOf(options)
  made.push(all)
  return all
}

function watching(said: Partial<AgentView>): Partial<MetricsOptions> {
  return { view: () => fakeView(said) }
}

function counted(...policies: string[]): HitTotals {
  return { ...NO_HITS, policies: policies.map(hit) }
}

async function text(of: Metrics): Promise<string> {
  return (await of.scrape('text')).body
}

afterEach(() => made.splice(0).forEach((each) => each.close()))

describe('what the kernel counts', () => {
  test('is there by policy, and by pod', async () => {
    const hits = {
      policies: ['x/web ingress 3', 'x/web egress 0', '/tenants ingress 2 deny', '/tenants ingress 1 pass'].map(hit),
      denied: ['x/p ingress 7', 'x/p ingress 2 admin'].map(denial),
      spoofed: 2,
      stray: 1, tunnelled: 3,
    }
    const body = await text(metrics(watching({ hits: () => Promise.resolve(hits) })))
    expect(labelled(body, 'vethguard_policy_hits_total')).toEqual({
      'policy_kind=NetworkPolicy,policy_namespace=x,policy=web,direction=ingress,action=accept': 3,
      'policy_kind=NetworkPolicy,policy_namespace=x,policy=web,direction=egress,action=accept': 0,
      'policy_kind=ClusterNetworkPolicy,policy_namespace=,policy=tenants,direction=ingress,action=deny': 2,
      'policy_kind=ClusterNetworkPolicy,policy_namespace=,policy=tenants,direction=ingress,action=pass': 1,
    })
    expect(labelled(body, 'vethguard_denied_packets_total')).toEqual({
      'pod_namespace=x,pod_name=p,direction=ingress,by=isolation': 7,
      'pod_namespace=x,pod_name=p,direction=ingress,by=admin': 2,
    })
    expect(seriesIn(body).get('vethguard_spoofed_packets_total')).toBe(2)
    expect(seriesIn(body).get('vethguard_stray_frames_total')).toBe(1)
    expect(seriesIn(body).get('vethguard_tunnelled_packets_total')).toBe(3)
  })

  test('goes with its policy', async () => {
    let hits = counted('x/a ingress 1', 'x/b ingress 2')
    const all = metrics(watching({ hits: () => Promise.resolve(hits) }))
    await text(all)
    hits = counted('x/b ingress 5')
    expect(labelled(await text(all), 'vethguard_policy_hits_total')).toEqual({ 'policy_kind=NetworkPolicy,policy_namespace=x,policy=b,direction=ingress,action=accept': 5 })
  })

  test('is missing where the kernel does not tell it, and the rest is there', async () => {
    let isBroken = true
    const all = metrics(watching({
      hits: () => {
        if (!isBroken) return Promise.resolve(counted('x/a ingress 1'))
        all.agent.failed('counters', 'ENOBUFS')
        return Promise.reject(new Error('no buffers'))
      },
    }))
    const broken = await text(all)
    expect(labelled(broken, 'vethguard_failures_total')).toMatchObject({ 'stage=counters,reason=ENOBUFS': 1 })
    expect(seriesIn(broken).get('vethguard_local_pods')).toBe(7)
    for (const name of ['policy_hits', 'denied_packets', 'spoofed_packets', 'stray_frames']) expect(broken).not.toMatch(new RegExp(`^vethguard_${name}_total[{ ]`, 'm'))
    isBroken = false
    expect(labelled(await text(all), 'vethguard_policy_hits_total')).toEqual({ 'policy_kind=NetworkPolicy,policy_namespace=x,policy=a,direction=ingress,action=accept': 1 })
  })

  test('is read once for all who scrape at once', async () => {
    let readings = 0
    const all = metrics(watching({
      hits: () => {
        readings++
        return Promise.resolve(counted(`x/a ingress ${readings}`))
      },
    }))
    const bodies = await Promise.all(Array.from({ length: 50 }, () => text(all)))
    expect(readings).toBe(1)
    expect(new Set(bodies).size).toBe(1)
    await text(all)
    expect(readings).toBe(2)
  })
})

describe('--metrics-policy-labels', () => {
  const admitted = async (all: Metrics): Promise<[string[], number | undefined]> => {
    const body = await text(all)
    const names = Object.keys(labelled(body, 'vethguard_policy_hits_total')).map((labels) => /policy=([^,]+)/.exec(labels)![1]!)
    return [names, seriesIn(body).get('vethguard_policy_series_omitted')]
  }

  test('a number: who has series keeps them, and who comes gets them when there is room', async () => {
    let hits = counted('x/b ingress 1', 'x/c ingress 1')
    const all = metrics({ ...watching({ hits: () => Promise.resolve(hits) }), policyLimit: 2 })
    expect(await admitted(all)).toEqual([['b', 'c'], 0])
    hits = counted('x/a ingress 1', 'x/b ingress 1', 'x/c ingress 1', 'x/d ingress 1')
    expect(await admitted(all)).toEqual([['b', 'c'], 2])
    hits = counted('x/a ingress 1', 'x/c ingress 1', 'x/d ingress 1')
    expect(await admitted(all)).toEqual([['a', 'c'], 1])
  })

  test('a failed reading takes no series away from who has them', async () => {
    let hits: HitTotals | undefined = counted('x/b ingress 1')
    const all = metrics({ ...watching({ hits: () => (hits === undefined ? Promise.reject(new Error('no')) : Promise.resolve(hits)) }), policyLimit: 1 })
    await text(all)
    hits = undefined
    await text(all)
    hits = counted('x/a ingress 1', 'x/b ingress 1')
    expect(await admitted(all)).toEqual([['b'], 1])
  })

  test('off: no policy is named, also not in errors', async () => {
    const hits = () => Promise.resolve({ ...counted('x/a ingress 1'), denied: [denial('x/p ingress 7')] })
    const problems = [BAD]
    const body = await text(metrics({ ...watching({ hits, problems }), policyLimit: 0 }))
    expect(body).not.toContain('policy="')
    expect(labelled(body, 'vethguard_denied_packets_total')).not.toEqual({})
    expect(seriesIn(body).get('vethguard_policy_series_omitted')).toBe(2)
    expect(seriesIn(body).get('vethguard_policies_in_error')).toBe(1)
  })

  test('with little room, policies that something is wrong with come first', async () => {
    const problems = [BAD]
    const all = metrics({ ...watching({ hits: () => Promise.resolve(counted('x/a ingress 1', 'x/bad ingress 0')), problems }), policyLimit: 1 })
    expect(labelled(await text(all), 'vethguard_policy_error')).toEqual({ 'policy_kind=NetworkPolicy,policy_namespace=x,policy=bad': 1 })
    expect(await admitted(all)).toEqual([['bad'], 1])
  })
})

test('problems of policies and of the node, and warnings', async () => {
  const problem = { field: 'spec', message: 'is wrong' }
  const warning = { policy: 'x/w' as PolicyKey, field: 'spec.ingress[0]', message: 'matches nobody' }
  const body = await text(metrics(watching({
    problems: [
      { object: 'NetworkPolicy x/one', ...problem, policy: 'x/one' as PolicyKey },
      { object: 'NetworkPolicy x/one', field: 'spec.egress', message: 'is wrong too', policy: 'x/one' as PolicyKey },
      { object: 'NetworkPolicy y/two (all.yaml#3)', ...problem, policy: 'y/two' as PolicyKey },
      { object: 'ClusterNetworkPolicy three', ...problem, policy: '/three' as PolicyKey },
      { object: 'Node n1', ...problem, node: 'n1' },
      { object: 'Node n1', field: 'x', message: 'y', node: 'n1' },
      { object: 'Node n1', field: 'pod x/unguarded', message: 'is not found' },
      { object: 'Pod x/p', ...problem, pod: 'x/p' as PodKey },
      { object: 'Pod x/p', field: 'status', message: 'is wrong too', pod: 'x/p' as PodKey },
      { object: 'NetworkPolicy', ...problem },
    ],
    warnings: [{ ...warning, reason: 'peer-matches-nothing' }, { ...warning, reason: 'peer-matches-nothing', field: 'spec.ingress[1]' }, { ...warning, reason: 'selects-no-pod' }],
  })))
  expect(labelled(body, 'vethguard_policy_error')).toEqual({
    'policy_kind=NetworkPolicy,policy_namespace=x,policy=one': 1,
    'policy_kind=NetworkPolicy,policy_namespace=y,policy=two': 1,
    'policy_kind=ClusterNetworkPolicy,policy_namespace=,policy=three': 1,
  })
  expect(labelled(body, 'vethguard_policy_warning')).toEqual({
    'policy_kind=NetworkPolicy,policy_namespace=x,policy=w,reason=peer-matches-nothing': 1,
    'policy_kind=NetworkPolicy,policy_namespace=x,policy=w,reason=selects-no-pod': 1,
  })
  expect(seriesIn(body).get('vethguard_policies_in_error')).toBe(3)
  expect(seriesIn(body).get('vethguard_pods_in_error')).toBe(1)
  expect(seriesIn(body).get('vethguard_node_problems')).toBe(2)
})

test('whether it enforces, or only says what it would do', async () => {
  const said = async (isDryRun: boolean) => {
    return seriesIn(await text(metrics({ build: { version: '1.2.3', backend: 'netlink', isDryRun } }))).get('vethguard_dry_run')
  }
  expect(await said(false)).toBe(0)
  expect(await said(true)).toBe(1)
})

test('for how long something is not in force', async () => {
  const stale = async (staleSinceMs: number | undefined) => seriesIn(await text(metrics(watching({ staleSinceMs })))).get('vethguard_stale_seconds')
  expect(await stale(undefined)).toBe(0)
  const nowMs = performance.now()
  jest.spyOn(performance, 'now').mockReturnValue(nowMs)
  expect(await stale(nowMs - 90_000)).toBe(90)
  expect(await stale(nowMs + 1000)).toBe(0)
  jest.restoreAllMocks()
})

test('commits, failures and repairs, as they are told', async () => {
  const all = metrics()
  const failures = labelled(await text(all), 'vethguard_failures_total')
  expect(failures).toMatchObject({ // else increase() misses the first
    'stage=veths,reason=ENOBUFS': 0, 'stage=commit,reason=EBUSY': 0, 'stage=commit,reason=NODE_UNFIT': 0,
    'stage=compare,reason=NETLINK': 0, 'stage=counters,reason=ENOBUFS': 0,
  })
  expect(failures).not.toHaveProperty(['stage=counters,reason=NETLINK']) // of counters enough is known, whoever commits meanwhile
  all.agent.committed({ changes: 1, durationMs: 0.2, transactionMs: 0.03, elements: 5, whole: false })
  all.agent.committed({ changes: 0, durationMs: 9, transactionMs: 9, elements: 1, whole: false })
  all.agent.failed('commit', 'EBUSY')
  all.agent.failed('commit', 'EBUSY')
  all.agent.repaired('handle')
  const body = await text(all)
  const series = seriesIn(body)
  const bucket = (name: string, le: number) => series.get(`vethguard_${name}_bucket{le="${le}"}`)
  expect([1e-4, 2.5e-4, 10].map((le) => bucket('programming_duration_seconds', le))).toEqual([0, 1, 1])
  expect(series.get('vethguard_programming_duration_seconds_sum')).toBeCloseTo(2e-4, 9)
  expect([1e-5, 2.5e-5, 5e-5, 5e-3, 1e-2].map((le) => bucket('transaction_duration_seconds', le))).toEqual([0, 0, 1, 1, 2])
  expect([1, 4, 16].map((le) => bucket('transaction_elements', le))).toEqual([1, 1, 2])
  expect(labelled(body, 'vethguard_failures_total')).toMatchObject({ 'stage=commit,reason=EBUSY': 2, 'stage=compare,reason=ENOENT': 0 })
  expect(labelled(body, 'vethguard_table_repairs_total')).toEqual({ 'reason=handle': 1, 'reason=content': 0, 'reason=refused': 0 })
})

describe('the API server', () => {
  const status: KubeStatus = new Map([
    ['pods', { synced: true, connected: true, objects: 12, lastContactMs: 1000, error: undefined }],
    ['namespaces', { synced: false, connected: false, objects: 0, lastContactMs: undefined, error: 'gone' }],
  ])

  test('as it is heard now, and what was heard', async () => {
    const all = metrics({ kubeStatus: () => status })
    all.kube.event('pods', 'ADDED', 0)
    all.kube.restarted('namespaces', 'connection')
    all.kube.relisted('pods')
    const body = await text(all)
    expect(labelled(body, 'vethguard_objects')).toEqual({ 'resource=pods': 12, 'resource=namespaces': 0 })
    expect(labelled(body, 'vethguard_watch_connected')).toEqual({ 'resource=pods': 1, 'resource=namespaces': 0 })
    expect(labelled(body, 'vethguard_watch_last_contact_timestamp_seconds')).toEqual({
      'resource=pods': expect.closeTo((performance.timeOrigin + 1000) / 1000, 2),
      'resource=namespaces': 0,
    })
    expect(labelled(body, 'vethguard_watch_events_total')).toMatchObject({ 'resource=pods,type=ADDED': 1, 'resource=networkpolicies,type=DELETED': 0 })
    expect(labelled(body, 'vethguard_watch_restarts_total')).toMatchObject({ 'resource=namespaces,reason=connection': 1, 'resource=pods,reason=expired': 0 })
    const noRelists = { 'resource=namespaces': 0, 'resource=networkpolicies': 0, 'resource=clusternetworkpolicies': 0, 'resource=nodes': 0 }
    expect(labelled(body, 'vethguard_relists_total')).toEqual({ 'resource=pods': 1, ...noRelists })
  })

  test('has no series where there is none', async () => {
    expect(await text(metrics())).not.toMatch(/^vethguard_\w*(watch|relists|objects)\w*\{/m)
  })
})

describe('formats', () => {
  const told = { ...watching({ hits: () => Promise.resolve(counted('x/a ingress 1')) }) }

  test('OpenMetrics calls counters without _total, and ends with a mark; text follows it unharmed', async () => {
    const all = metrics(told)
    const open = await all.scrape('openmetrics')
    expect(open.contentType).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8')
    expect(open.body).toMatch(/\n# TYPE vethguard_policy_hits counter\nvethguard_policy_hits_total\{/)
    expect(open.body).toMatch(/\n# EOF\n$/)
    const plain = await all.scrape('text')
    expect(plain.contentType).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(plain.body).toMatch(/\n# TYPE vethguard_policy_hits_total counter\nvethguard_policy_hits_total\{/)
    expect(plain.body).not.toContain('EOF')
  })

  test('labels of manifests that no API server would take', async () => {
    const body = await text(metrics(watching({ hits: () => Promise.resolve({ ...NO_HITS, denied: [denial('x/a"b\\c\nd ingress 1')] }) })))
    expect(body).toContain('vethguard_denied_packets_total{pod_namespace="x",pod_name="a\\"b\\\\c\\nd",direction="ingress",by="isolation"} 1\n')
  })
})

test('a held event loop shows', async () => {
  const clock = jest.spyOn(performance, 'now').mockReturnValue(1000)
  const all = metrics()
  clock.mockReturnValue(1320) // a timer of 20 ms is due since 1020
  const series = await until(async () => {
    const now = seriesIn(await text(all))
    return now.get('vethguard_event_loop_lag_seconds_count') !== 0 && now
  })
  jest.restoreAllMocks()
  const bucket = (le: string): number => series.get(`vethguard_event_loop_lag_seconds_bucket{le="${le}"}`)!
  expect(bucket('+Inf') - bucket('0.25')).toBe(1)
})

test('the build, and the process', async () => {
  const body = await text(metrics())
  expect(labelled(body, 'vethguard_build_info')).toEqual({ [`version=1.2.3,node_version=${process.version},backend=netlink`]: 1 })
  const series = seriesIn(body)
  expect(series.get('process_resident_memory_bytes')).toBeGreaterThan(1e7)
  expect(series.get('process_start_time_seconds')).toBeCloseTo(performance.timeOrigin / 1000, -1)
  expect(series.get('process_open_fds')).toBeGreaterThan(3)
})
