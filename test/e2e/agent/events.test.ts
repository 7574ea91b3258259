// What agents tell people about their policies, as Events on a real API server: valid ones, each once, with no more than the right to create.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { AGENT_RULES, type Rule } from '../account.ts'
import { until } from '../cluster/until.ts'
import type { ApiObject } from '../resource-path.ts'
import { Stage } from './stage.ts'

const EVENT_RULES: readonly Rule[] = [...AGENT_RULES, { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create'] }]
/** The longest that the API server takes. */
const LONG_NAME = `${'x'.repeat(60)}.`.repeat(4) + 'y'.repeat(9)

const state: { stage?: Stage } = {}
const stage = (): Stage => state.stage!

beforeAll(async () => {
  state.stage = await Stage.open({ podsPerNode: 1 })
  await stage().addNamespace('shop')
  for (const pod of stage().lab.pods) await stage().addPod(pod, { namespace: 'shop', labels: { app: pod.name } })
})
afterAll(() => state.stage?.close())

function policy(name: string, spec: object): ApiObject {
  return { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { namespace: 'shop', name }, spec }
}

function tooManyBlocks(): object[] {
  return Array.from({ length: 10_001 }, (_, index) => ({ ipBlock: { cidr: `10.${index >> 8}.${index & 255}.0/24` } }))
}

async function events(): Promise<ApiObject[]> {
  return (await stage().server.admin.get('/apis/events.k8s.io/v1/namespaces/shop/events') as unknown as { items: ApiObject[] }).items
}

test('an agent that may not write Events says once what to grant, and enforces all the same', async () => {
  await stage().server.admin.apply(policy('rejected', { podSelector: {}, ingress: [{ from: tooManyBlocks() }] }))
  stage().startAgents({ flags: ['--events', 'on', '--service-cidrs', '10.96.0.0/12'] })
  await stage().enforcing()
  for (const agent of stage().agents) await agent.says(/Events cannot be written.*grant the verb create on events of the API group events\.k8s\.io/)
  expect(await events()).toEqual([])
  await stage().inForce()
})

test('agents of two nodes write one Event for what both see', async () => {
  await stage().account.grant(EVENT_RULES)
  const { admin } = stage().server
  await admin.apply(policy('lonely', { podSelector: { matchLabels: { app: 'nobody' } } }))
  await admin.apply(policy('in-vain', {
    podSelector: {},
    policyTypes: ['Ingress', 'Egress'],
    ingress: [{ from: [{ podSelector: { matchLabels: { app: 'nobody' } } }], ports: [{ port: 'web' }] }],
    egress: [{ to: [{ ipBlock: { cidr: '10.96.0.10/32' } }] }],
  }))
  await admin.apply(policy(LONG_NAME, { podSelector: {}, ingress: [{ from: [{ podSelector: { matchLabels: { app: 'nobody' } } }] }] }))
  await admin.apply(policy('rejected', { podSelector: {}, ingress: [{ from: [...tooManyBlocks(), ...tooManyBlocks()] }] }))
  const found = await until('all Events', async () => {
    const all = await events()
    return all.length >= 6 ? all : undefined
  })
  const said = found.map(({ type, reason, note, reportingController }) => [type, reason, (note as string).split(' ')[0], reportingController])
  expect(said.sort()).toEqual([
    ['Warning', 'IpblockInServiceRange', 'spec.egress[0].to[0].ipBlock.cidr', 'vethguard'],
    ['Warning', 'NamedPortUnknown', 'spec.ingress[0].ports[0].port', 'vethguard'],
    ['Warning', 'PeerMatchesNothing', 'spec.ingress[0].from[0].podSelector', 'vethguard'],
    ['Warning', 'PeerMatchesNothing', 'spec.ingress[0].from[0].podSelector', 'vethguard'],
    ['Warning', 'Rejected', 'spec', 'vethguard'],
    ['Warning', 'SelectsNoPod', 'spec.podSelector', 'vethguard'],
  ])
  // As `kubectl events --for` asks for them.
  const asked = 'involvedObject.kind=NetworkPolicy,involvedObject.name=lonely,involvedObject.apiVersion=networking.k8s.io/v1'
  const { items } = await admin.get(`/api/v1/namespaces/shop/events?fieldSelector=${encodeURIComponent(asked)}`)
  expect(items).toMatchObject([{ reason: 'SelectsNoPod', message: expect.stringContaining('matches no pod of namespace shop') as unknown }])
  for (const agent of stage().agents) {
    const log = agent.hear()
    expect(log.match(/Events cannot be written/g)).toHaveLength(1)
    expect(log).toContain('Events are written again')
  }
})
