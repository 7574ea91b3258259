// ClusterNetworkPolicies from a real API server to packets: their definition comes and goes while agents run. The tests go on from each other.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { formatAddress } from '../../../src/cluster/address.ts'
import { installPolicyCrd, removePolicyCrd } from '../cluster/policy-crds.ts'
import { until } from '../cluster/until.ts'
import type { ApiObject } from '../resource-path.ts'
import { Stage } from './stage.ts'

const state: { stage?: Stage } = {}
const stage = (): Stage => state.stage!

beforeAll(async () => {
  state.stage = await Stage.open({ podsPerNode: 2, externals: 1 })
  await stage().addNamespace('shop')
  for (const [index, pod] of stage().lab.pods.entries()) await stage().addPod(pod, { namespace: 'shop', labels: { app: `app${index}` } })
  stage().startAgents()
  await stage().enforcing()
})
afterAll(() => state.stage?.close())

/** Lets app1 reach app0 and denies all other pods to do so, at every port of every protocol. */
function policy(tier: 'Admin' | 'Baseline', spec: object = {}): ApiObject {
  const app = (name: string): object => ({ pods: { podSelector: { matchLabels: { app: name } } } })
  return {
    apiVersion: 'policy.networking.k8s.io/v1beta1',
    kind: 'ClusterNetworkPolicy',
    metadata: { name: tier.toLowerCase() },
    spec: {
      tier, priority: 5, subject: app('app0'),
      ingress: [{ action: 'Accept', from: [app('app1')] }, { action: 'Deny', from: [{ namespaces: {} }] }],
      ...spec,
    },
  }
}

/** How many pairs of hosts reach each other. */
function passing(): number {
  const cells = stage().prober.matrix(stage().hosts, [{ protocol: 'TCP', port: 80, family: 4 }])
  return cells.filter(({ verdict }) => verdict === 'allowed').length
}

test('while they are not defined, everything is open', async () => {
  await stage().inForce()
})

test('defined while agents run, they are in force', async () => {
  const open = passing()
  await installPolicyCrd(stage().server.admin, 'experimental')
  await until('stored policy', () => stage().server.admin.apply(policy('Admin')))
  await stage().inForce()
  expect(open - passing()).toBe(2) // app2 and app3 to app0
})

test('both tiers around a NetworkPolicy', async () => {
  const { admin } = stage().server
  await admin.apply({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { namespace: 'shop', name: 'closed' },
    spec: { podSelector: { matchLabels: { app: 'app2' } } },
  })
  await admin.apply(policy('Baseline', { subject: { namespaces: {} } }))
  await stage().inForce()
})

test('peers that are networks or nodes', async () => {
  const { server: { admin }, lab: { externals } } = stage()
  const node: ApiObject = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'outside', labels: { zone: 'a' } } }
  await admin.apply(node)
  await admin.mergeStatus(node, { addresses: [{ type: 'InternalIP', address: formatAddress(externals[0]!.address4) }] })
  await admin.apply(policy('Admin', {
    egress: [{ action: 'Deny', to: [{ nodes: { matchLabels: { zone: 'a' } } }] }, { action: 'Deny', to: [{ networks: ['fd00::/8'] }] }],
  }))
  await stage().inForce()
})

test('their definition is removed: only the NetworkPolicy is left', async () => {
  await removePolicyCrd(stage().server.admin)
  await stage().inForce()
})
