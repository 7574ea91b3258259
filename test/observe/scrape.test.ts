// The real agent, real packets, and what it then tells who scrapes: held against the evaluator.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Namespace, Pod } from '../../src/cluster/objects.ts'
import { readObject } from '../../src/manifests/objects.ts'
import { prepareEvaluator } from '../../src/policy/evaluator.ts'
import type { Direction, Policy } from '../../src/policy/types.ts'
import type { DirectionVerdict, Flow } from '../../src/policy/verdict.ts'
import { AgentLab, PORT_80 } from '../agent/agent-lab.ts'
import { AgentProcess } from '../agent/agent-process.ts'
import { quietly, until } from '../../lab/patience.ts'
import { fixtureObjects, type KubeObject, PODS, policyObject } from '../situations/fixture.ts'
import { Scraper } from './scraper.ts'
import { labelled, seriesIn } from './series.ts'

const FROM_Y = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'y' } } }
/** Two that allow the same, one for egress, one that allows nothing, and one of which only a part can be read. */
const POLICIES = [
  policyObject('from-y', { podSelector: { matchLabels: { pod: 'a' } }, ingress: [{ from: [FROM_Y] }] }),
  policyObject('port-80', { podSelector: {}, ingress: [{ from: [FROM_Y], ports: [{ port: 80 }] }] }),
  policyObject('to-x', { podSelector: { matchLabels: { pod: 'b' } }, policyTypes: ['Egress'], egress: [{ to: [{ podSelector: {} }] }] }),
  policyObject('closed', { podSelector: { matchLabels: { pod: 'c' } } }, 'z'),
  policyObject('half', { podSelector: { matchLabels: { pod: 'a' } }, ingress: [{}, { from: [{ ipBlock: { cidr: '1.2.3' } }] }] }, 'z'),
]
const MANY = 10_000

let lab: AgentLab
let agent: AgentProcess
let scraper: Scraper

beforeAll(async () => {
  lab = new AgentLab()
  lab.write('policies.json', POLICIES)
  scraper = new Scraper(lab.namespace)
  agent = await lab.start('--listen', '127.0.0.1:9611')
})
afterAll(() => lab.close())

/** Adds up what the evaluator says of one packet from every pod to every other. */
function expectedCounts(objects: readonly KubeObject[]): { hits: Record<string, number>; denied: Record<string, number> } {
  const changes = objects.flatMap((object) => readObject(object).changes)
  const of = <T>(kind: string): T[] => changes.filter((change) => change.kind === kind).map(({ now }) => now as T)
  const judge = prepareEvaluator({ pods: of<Pod>('pod'), namespaces: of<Namespace>('namespace'), policies: of<Policy>('policy') })
  const [hits, denied]: Record<string, number>[] = [{}, {}]
  const add = (counts: Record<string, number>, key: string, by: number): void => void (counts[key] = (counts[key] ?? 0) + by)
  const count = (pod: string, direction: Direction, { allowed, reason, isolatedBy, allowedBy }: DirectionVerdict): void => {
    const allowing = new Set(allowedBy.map(({ policy }) => policy))
    for (const policy of isolatedBy) add(hits!, `${policyLabels(policy)},direction=${direction},action=accept`, Number(allowing.has(policy)))
    if (reason === 'allowed' || reason === 'denied') add(denied!, `${podLabels(pod)},direction=${direction},by=isolation`, Number(!allowed))
  }
  for (const [from, to] of PODS.flatMap((a) => PODS.filter((b) => b !== a).map((b) => [a, b] as const))) {
    const flow: Flow = { source: lab.pod(from).address4, destination: lab.pod(to).address4, protocol: 'TCP', port: 80 }
    const { egress, ingress } = judge(flow)
    count(from, 'egress', egress)
    if (egress.allowed) count(to, 'ingress', ingress)
  }
  return { hits: hits!, denied: denied! }
}

function policyLabels(key: string): string {
  const [namespace, name] = key.split('/')
  return `policy_kind=NetworkPolicy,policy_namespace=${namespace ?? ''},policy=${name ?? ''}`
}

function podLabels(key: string): string {
  const [namespace, name] = key.split('/')
  return `pod_namespace=${namespace ?? ''},pod_name=${name ?? ''}`
}

test('hits and denials are those of the evaluator, to the packet', () => {
  const before = scraper.metrics()
  lab.open(PORT_80)
  const after = scraper.metrics()
  const { hits, denied } = expectedCounts([...fixtureObjects(lab.place()), ...POLICIES])
  expect(Object.values(hits).filter((count) => count > 0).length).toBeGreaterThan(3)
  expect(Object.values(denied).filter((count) => count > 0).length).toBeGreaterThan(3)
  expect(labelled(before, 'vethguard_policy_hits_total')).toEqual(zeroed(hits))
  expect(labelled(after, 'vethguard_policy_hits_total')).toEqual(hits)
  expect(labelled(after, 'vethguard_denied_packets_total')).toEqual(denied)
})

function zeroed(counts: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.keys(counts).map((key) => [key, 0]))
}

test('sizes, problems and times of this node', () => {
  const body = scraper.metrics()
  const series = seriesIn(body)
  const value = (name: string) => series.get(`vethguard_${name}`)
  expect([value('ready'), value('local_pods'), value('active_policies'), value('unguarded_pods')]).toEqual([1, 9, 5, 0])
  expect(value('dry_run')).toBe(0)
  expect(labelled(body, 'vethguard_isolated_pods')).toEqual({ 'direction=ingress': 5, 'direction=egress': 1 })
  expect(labelled(body, 'vethguard_policy_error')).toEqual({ [policyLabels('z/half')]: 1 })
  expect(value('policies_in_error')).toBe(1)
  expect(value('programming_duration_seconds_count')).toBeGreaterThan(0)
  expect(labelled(body, 'vethguard_set_elements')).toMatchObject({ 'set=in_judged4': 5, 'set=out_judged6': 1 })
  expect(Object.keys(labelled(body, 'vethguard_set_elements'))).toHaveLength(lab.exec('nft', 'list', 'sets').match(/\bset \w+ \{/g)!.length
    + lab.exec('nft', 'list', 'maps').match(/\bmap \w+ \{/g)!.length)
})

test('a policy that goes takes its series along, and one that comes has them at once', async () => {
  lab.write('more.json', [policyObject('new', { podSelector: { matchLabels: { pod: 'b' } } }, 'z')])
  lab.write('policies.json', POLICIES.slice(1))
  await lab.untilCell('x/a > z/b', 'denied')
  await lab.untilCell('z/a > x/a', 'denied')
  const names = Object.keys(labelled(scraper.metrics(), 'vethguard_policy_hits_total'))
  expect(names).toContain(`${policyLabels('z/new')},direction=ingress,action=accept`)
  expect(names.filter((name) => name.includes('policy=from-y'))).toEqual([])
})

test('probes are answered well', () => {
  expect(scraper.get('/livez')).toEqual({ status: 200, body: 'alive\n' })
  expect(scraper.get('/readyz')).toEqual({ status: 200, body: 'ready\n' })
})

test('50 scrapes at once are answered, and changes do not wait for them', async () => {
  expect(scraper.flood('/metrics', 50)).toEqual(Array.from({ length: 50 }, () => 200))
  lab.remove('more.json')
  await lab.untilCell('x/a > z/b', 'allowed')
})

test('hits go on after a restart', async () => {
  const hits = () => labelled(scraper.metrics(), 'vethguard_policy_hits_total')
  const before = hits()
  expect(Math.max(...Object.values(before))).toBeGreaterThan(0)
  await agent.kill()
  agent = await lab.start('--listen', '127.0.0.1:9611')
  expect(hits()).toEqual(before)
})

test('a second agent at the same address ends with a word about it', async () => {
  const second = new AgentProcess({ namespace: lab.namespace, source: lab.folder, args: ['--listen', '127.0.0.1:9611'] })
  expect(await second.closed).toEqual({ code: 2, signal: null })
  expect(second.stderr).toMatch(/^vethguard: cannot answer probes and scrapes at 127\.0\.0\.1:9611: another program has this address; stop it[^\n]*\n$/)
})

describe('without a source that answers', () => {
  let other: AgentProcess
  const folder = mkdtempSync(join(tmpdir(), 'vethguard-scrape-'))
  const elsewhere = (): Scraper => new Scraper(lab.namespace, '127.0.0.1:9612')

  beforeAll(async () => {
    const kubeconfig = join(folder, 'kubeconfig')
    writeFileSync(kubeconfig, JSON.stringify({
      'apiVersion': 'v1',
      'kind': 'Config',
      'clusters': [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }],
      'users': [{ name: 'u', user: {} }],
      'contexts': [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'c',
    }))
    other = new AgentProcess({ namespace: lab.namespace, args: ['--listen', ':9612', '--backend', 'nft'], env: { KUBECONFIG: kubeconfig } })
    await other.heard(/ECONNREFUSED/)
  })
  afterAll(async () => {
    await other.kill()
    rmSync(folder, { recursive: true })
  })

  test('it is alive and not ready, and says what it waits for; also by IPv6', () => {
    const { status, body } = elsewhere().get('/readyz')
    expect(status).toBe(503)
    for (const resource of ['pods', 'namespaces', 'networkpolicies', 'clusternetworkpolicies']) {
      expect(body).toMatch(new RegExp(`^${resource} are not read yet: cannot (list|watch|look for) ${resource}: .*ECONNREFUSED`, 'm'))
    }
    expect(elsewhere().get('/livez')).toEqual({ status: 200, body: 'alive: starting\n' })
    expect(new Scraper(lab.namespace, '[::1]:9612').get('/livez').status).toBe(200)
  })

  test('metrics say so', () => {
    const body = elsewhere().metrics()
    expect(seriesIn(body).get('vethguard_ready')).toBe(0)
    expect(labelled(body, 'vethguard_watch_connected')).toEqual({
      'resource=pods': 0, 'resource=namespaces': 0, 'resource=networkpolicies': 0, 'resource=clusternetworkpolicies': 0,
    })
    expect(labelled(body, 'vethguard_watch_restarts_total')['resource=pods,reason=connection']).toBeGreaterThan(0)
  })

  test('it ends when told to', async () => {
    expect(await other.kill('SIGTERM')).toEqual({ code: 0, signal: null })
  })
})

describe('settings', () => {
  test('off: nobody listens', async () => {
    const { namespace } = lab
    await agent.kill('SIGTERM')
    agent = await lab.start('--listen', 'off')
    expect(() => new Scraper(namespace).get('/livez')).toThrow(/[Cc]onnect/)
  })

  test('--compare-seconds: what somebody took out of the kernel is put back, and counted', async () => {
    await agent.kill('SIGTERM')
    agent = await lab.start('--compare-seconds', '1', '--backend', 'nft', '--listen', '127.0.0.1:9611') // nft owns no tables
    lab.exec('nft', 'flush set inet vethguard in_judged4')
    await until(() => labelled(scraper.metrics(), 'vethguard_table_repairs_total')['reason=content'] === 1, 'a repair')
    expect(lab.exec('nft', 'list set inet vethguard in_judged4')).toContain('elements')
  })

  test('--dry-run says what it would do, and does nothing', async () => {
    await agent.kill('SIGTERM')
    lab.exec('nft', 'flush ruleset')
    agent = await lab.start('--dry-run', '--compare-seconds', '1', '--listen', '127.0.0.1:9611')
    expect(agent.logs.map(({ msg }) => msg)).toContain('would be done; the kernel is left as it is')
    expect(JSON.stringify(agent.logs)).toContain('add table inet vethguard')
    const since = agent.logs.length
    lab.write('more.json', [policyObject('new', { podSelector: { matchLabels: { pod: 'b' } } }, 'z')])
    await agent.heard('would be done; the kernel is left as it is', since)
    expect(lab.exec('nft', 'list ruleset')).toBe('')
    expect(scraper.get('/readyz')).toEqual({ status: 200, body: 'ready\ndry run: the kernel is left as it is\n' })
    expect(seriesIn(scraper.metrics()).get('vethguard_dry_run')).toBe(1)
    await quietly(2500) // two comparisons find nothing amiss
    expect(labelled(scraper.metrics(), 'vethguard_table_repairs_total')).toEqual({ 'reason=handle': 0, 'reason=content': 0, 'reason=refused': 0 })
  })
})

test(`a node with ${MANY} policies answers, and is not held up`, async () => {
  await agent.kill('SIGTERM')
  lab.write('many.json', Array.from({ length: MANY }, (_, n) => policyObject(`policy-${n}`, {
    podSelector: { matchLabels: { pod: 'a' } },
    ingress: [{ from: [{ podSelector: { matchLabels: { pod: `p${n % 100}` } } }], ports: [{ port: 1 + (n % 1000) }] }],
  }, 'y')))
  agent = await lab.start('--listen', '127.0.0.1:9611')
  for (let turn = 0; turn < 5; turn++) {
    expect(Object.keys(labelled(scraper.metrics(), 'vethguard_policy_hits_total')).length).toBeGreaterThan(MANY)
  }
  lab.write('more.json', [policyObject('deny-b', { podSelector: { matchLabels: { pod: 'b' } } }, 'z')])
  await lab.untilCell('x/a > z/b', 'denied')
})
