// Objects of a real API server come, change and go, and what packets do on two nodes follows; both families.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { isDeepStrictEqual } from 'node:util'
import { quietly, until } from '../../../lab/patience.ts'
import { addressTexts } from '../../../lab/host.ts'
import type { Family } from '../../../src/cluster/address.ts'
import { labPodObjects } from '../lab-pod.ts'
import type { ApiObject } from '../resource-path.ts'
import { Stage } from './stage.ts'

const state: { stage?: Stage } = {}
const stage = (): Stage => state.stage!

beforeAll(async () => {
  state.stage = await Stage.open({ podsPerNode: 2, externals: 1 })
  stage().startAgents()
  await stage().enforcing()
})
afterAll(() => state.stage?.close())

const EVERYBODY = ['pod0-1', 'pod1-0', 'pod1-1', 'external0']
const POLICY: ApiObject = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { namespace: 'shop', name: 'server' },
  spec: { podSelector: { matchLabels: { app: 'server' } }, policyTypes: ['Ingress'] },
}
const ingress = (...rules: object[]): ApiObject => ({ ...POLICY, spec: { ...POLICY['spec'] as object, ingress: rules } })
const fromPods = (labels: object): object => ({ from: [{ podSelector: { matchLabels: labels } }] })

/** pod0-0 is the server; all others are clients of one namespace. */
beforeEach(async () => {
  await stage().addNamespace('shop')
  for (const [index] of stage().lab.pods.entries()) await addPod(index, index === 0 ? 'server' : 'client')
  await reachedBy(...EVERYBODY)
})

async function addPod(index: number, app: string, namespace = 'shop'): Promise<ApiObject> {
  const options = { namespace, labels: { app }, ports: [{ name: 'web', containerPort: 80 }] }
  await stage().addPod(stage().lab.pods[index]!, options)
  return labPodObjects(stage().lab.pods[index]!, options).pod
}

/** Waits until exactly these reach port 80 of the server, and looks once more a little later. */
async function reachedBy(...names: string[]): Promise<void> {
  const both = { 4: names, 6: names }
  const measured = (): typeof both => ({ 4: reaching(4), 6: reaching(6) })
  await until(() => isDeepStrictEqual(measured(), both), () => `${JSON.stringify(both)}; there is ${JSON.stringify(measured())}`)
  await quietly(20)
  expect(measured()).toEqual(both)
}

function reaching(family: Family): string[] {
  const { lab: { pods: [server] }, hosts, prober } = stage()
  const attempts = hosts.slice(1).map((from) => ({ from, to: server!, probe: { protocol: 'TCP' as const, port: 80, family } }))
  return prober.judge(attempts).filter(({ verdict }) => verdict === 'allowed').map(({ from: { name } }) => name)
}

test('policies are created, updated and deleted', async () => {
  const { admin } = stage().server
  await admin.create(POLICY)
  await reachedBy()
  await admin.apply(ingress(fromPods({ app: 'client' })))
  await reachedBy('pod0-1', 'pod1-0', 'pod1-1')
  await admin.apply(ingress({ ...fromPods({ app: 'client' }), ports: [{ port: 81 }] }))
  await reachedBy()
  await admin.apply(ingress({ ports: [{ port: 'web' }] }))
  await reachedBy(...EVERYBODY)
  const outside = [{ cidr: '0.0.0.0/0', except: ['10.244.0.0/16'] }, { cidr: '::/0', except: ['fd00:10:244::/48'] }]
  await admin.apply(ingress({ from: outside.map((ipBlock) => ({ ipBlock })) }))
  await reachedBy('external0')
  await admin.merge(POLICY, { spec: { ingress: [{ from: [{ ipBlock: { cidr: '192.0.2.0/24' } }, { podSelector: {} }] }] } })
  await reachedBy('pod0-1', 'pod1-0', 'pod1-1')
  await admin.delete(POLICY)
  await reachedBy(...EVERYBODY)
})

describe('pods', () => {
  beforeEach(() => stage().server.admin.apply(ingress(fromPods({ app: 'client' }))))
  afterEachDelete(POLICY)

  test('are relabelled: who may, and who is isolated', async () => {
    await reachedBy('pod0-1', 'pod1-0', 'pod1-1')
    const client = await addPod(1, 'stranger')
    await reachedBy('pod1-0', 'pod1-1')
    await stage().server.admin.merge(client, { metadata: { labels: { app: null } } })
    await reachedBy('pod1-0', 'pod1-1')
    await stage().server.admin.merge(client, { metadata: { labels: { app: 'client' } } })
    await reachedBy('pod0-1', 'pod1-0', 'pod1-1')
    await addPod(0, 'else')
    await reachedBy(...EVERYBODY)
  })

  test('are deleted and come back', async () => {
    const client = await addPod(2, 'client')
    await stage().server.admin.delete(client)
    await reachedBy('pod0-1', 'pod1-1')
    await addPod(2, 'client')
    await reachedBy('pod0-1', 'pod1-0', 'pod1-1')
    const server = await addPod(0, 'server')
    await stage().server.admin.delete(server)
    await reachedBy(...EVERYBODY)
    await addPod(0, 'server')
    await reachedBy('pod0-1', 'pod1-0', 'pod1-1')
  })

  test('end, and are nobody any more', async () => {
    const client = await addPod(3, 'client')
    await stage().server.admin.mergeStatus(client, { phase: 'Succeeded' })
    await reachedBy('pod0-1', 'pod1-0')
    await stage().server.admin.delete(client)
  })

  test('get their addresses late, lose them, and share them with another', async () => {
    const [server, , , last] = stage().lab.pods
    const client = await addPod(3, 'client')
    await stage().server.admin.mergeStatus(client, { podIP: null, podIPs: null })
    await reachedBy('pod0-1', 'pod1-0')
    await addPod(3, 'client')
    await reachedBy('pod0-1', 'pod1-0', 'pod1-1')
    // A pod elsewhere claims the server's addresses: then nobody knows whose packets they are.
    const [podIP, ipv6] = addressTexts(server!)
    await stage().server.admin.mergeStatus(client, { podIP, podIPs: [{ ip: podIP }, { ip: ipv6 }] })
    await reachedBy()
    await stage().addPod(last!, { namespace: 'shop', labels: { app: 'client' }, ports: [{ name: 'web', containerPort: 80 }] })
    await reachedBy('pod0-1', 'pod1-0', 'pod1-1')
  })
})

describe('namespaces', () => {
  const fromTeam = { from: [{ namespaceSelector: { matchLabels: { team: 'red' } } }] }
  afterEachDelete(POLICY)

  test('are relabelled', async () => {
    await stage().server.admin.apply(ingress(fromTeam))
    await reachedBy()
    await stage().addNamespace('shop', { team: 'red' })
    await reachedBy('pod0-1', 'pod1-0', 'pod1-1')
    await stage().addNamespace('shop', { team: 'blue' })
    await reachedBy()
  })

  test('come, go, and come back with other labels', async () => {
    await stage().server.admin.apply(ingress(fromTeam))
    await stage().server.admin.delete(await addPod(3, 'client'))
    await stage().addNamespace('late', { team: 'red' })
    const pod = await addPod(3, 'client', 'late')
    await reachedBy('pod1-1')
    await stage().server.admin.delete(pod)
    await stage().server.admin.deleteNamespace('late')
    await reachedBy()
    await stage().addNamespace('late')
    await addPod(3, 'client', 'late')
    await reachedBy()
    await stage().addNamespace('late', { team: 'red' })
    await reachedBy('pod1-1')
    await stage().server.admin.delete(pod)
  })
})

function afterEachDelete(object: ApiObject): void {
  afterEach(() => stage().server.admin.delete(object))
}
