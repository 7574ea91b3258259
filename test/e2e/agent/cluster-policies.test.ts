// ClusterNetworkPolicies on a real API server, with the definitions that their project publishes: these come, change and go while
// a source reads. The tests go on from each other.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { parseAllDocuments } from 'yaml'
import { Lab } from '../../../lab/lab.ts'
import { AGENT_RULES } from '../account.ts'
import { ApiServer } from '../api-server.ts'
import { installPolicyCrd, removePolicyCrd } from '../cluster/policy-crds.ts'
import { until } from '../cluster/until.ts'
import type { ApiObject } from '../resource-path.ts'
import { SourceProcess } from './source-process.ts'

const EXAMPLES = join(import.meta.dirname, '..', '..', '..', 'examples', 'cluster-policies')
const NODE: ApiObject = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1', labels: { zone: 'a' } } }
const BOTH = ['cluster-policy /plain', 'node n1']
const ALL = ['cluster-policy /nodes', ...BOTH]

let lab: Lab
let server: ApiServer
let source: SourceProcess
let folder: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vethguard-source-'))
  lab = Lab.create({ nodes: 1, podsPerNode: 1 })
  const { namespace } = lab.nodes[0]!
  server = await ApiServer.start({ namespaces: [namespace] })
  const { kubeconfig } = await server.createAccount('vethguard', AGENT_RULES)
  source = new SourceProcess({ namespace, kubeconfig, folder })
  await server.admin.apply(NODE)
  await server.admin.mergeStatus(NODE, { addresses: [{ type: 'InternalIP', address: '192.0.2.1' }, { type: 'Hostname', address: 'n1' }] })
})
afterAll(async () => {
  await source.kill()
  await server.close()
  lab.close()
  rmSync(folder, { recursive: true })
})

/** Denies all pods to send to its peer. */
function policy(version: string, name: string, peer: object): ApiObject {
  return {
    apiVersion: `policy.networking.k8s.io/${version}`,
    kind: 'ClusterNetworkPolicy',
    metadata: { name },
    spec: { tier: 'Admin', priority: 7, subject: { namespaces: {} }, egress: [{ name: 'all', action: 'Deny', to: [peer] }] },
  }
}

/** Of the only rule of a policy that is in force. */
function peersOf(name: string): unknown {
  const { egress } = source.state().get(`cluster-policy /${name}`) as { egress: readonly { peers: unknown }[] }
  return egress[0]?.peers
}

/** Keys of cluster policies and nodes that were taken back, at any time. */
function takenBack(): string[] {
  return source.delivered().filter(({ kind, now }) => (kind === 'cluster-policy' || kind === 'node') && now === null).map(({ key }) => key)
}

test('without the definition the source starts, and reads no nodes', async () => {
  await source.until('start', () => source.messages().includes('started'))
  expect(source.clusterWide()).toEqual([])
})

test('when v1alpha2 is defined, policies and nodes are delivered', async () => {
  await installPolicyCrd(server.admin, 'standard', { release: 'v0.2.0' })
  await until('stored policy', () => server.admin.apply(policy('v1alpha2', 'plain', { namespaces: {} })))
  await source.until('policy and node', () => source.clusterWide().length === 2)
  expect([source.clusterWide(), source.problems()]).toEqual([BOTH, {}])
  expect(source.state().get('node n1')).toMatchObject({ labels: { zone: 'a' }, addresses: ['\xc0\0\x02\x01'] })
  expect(source.state().get('cluster-policy /plain')).toMatchObject({ tier: 'Admin', priority: 7, ingress: [] })
})

test('v1beta1 in the experimental channel beside it: peers that only this channel has', async () => {
  await installPolicyCrd(server.admin, 'experimental')
  await until('stored policy', () => server.admin.apply(policy('v1beta1', 'nodes', { nodes: { matchLabels: { zone: 'a' } } })))
  await source.until('the policy', () => source.clusterWide().length === 3)
  expect([peersOf('nodes'), source.problems()]).toEqual([[expect.objectContaining({ kind: 'nodes' })], {}])
})

test('back in the standard channel the same object has an empty peer: its rule denies every peer', async () => {
  await installPolicyCrd(server.admin, 'standard')
  await source.until('the problem', () => Object.keys(source.problems()).length > 0)
  expect(source.problems()).toEqual({ 'ClusterNetworkPolicy nodes': ['spec.egress[0].to[0]'] })
  expect([peersOf('nodes'), peersOf('plain')]).toEqual(['any', [expect.objectContaining({ kind: 'pods' })]])
})

test('when the version that is read is not served any more, the other one is, and nothing is taken back', async () => {
  expect(source.versions()).toEqual(['v1alpha2'])
  await installPolicyCrd(server.admin, 'experimental', { withoutVersions: ['v1alpha2'] })
  await source.until('the other version', () => source.versions().at(-1) === 'v1beta1')
  await source.until('the peer', () => Array.isArray(peersOf('nodes')))
  expect([source.clusterWide(), source.problems(), takenBack()]).toEqual([ALL, {}, []])
})

test('an API server that is killed and starts again opens nothing', async () => {
  await server.kill()
  await server.restart()
  await server.admin.apply(policy('v1beta1', 'plain', { nodes: {} }))
  await source.until('the change', () => JSON.stringify(peersOf('plain')).includes('nodes'))
  expect([source.clusterWide(), takenBack()]).toEqual([ALL, []])
})

test('when the definition is removed, policies and nodes are forgotten, and when it comes back they are read', async () => {
  await removePolicyCrd(server.admin)
  await source.until('the end of all', () => source.clusterWide().length === 0)
  expect(source.problems()).toEqual({})
  await installPolicyCrd(server.admin, 'standard')
  await until('stored policy', () => server.admin.apply(policy('v1beta1', 'plain', { namespaces: {} })))
  await source.until('policy and node', () => source.clusterWide().length === 2)
  expect(source.clusterWide()).toEqual(BOTH)
})

test('those of examples/ are taken as they are, by the standard channel', async () => {
  const texts = readdirSync(EXAMPLES).map((file) => readFileSync(join(EXAMPLES, file), 'utf8'))
  const objects = texts.flatMap((text) => parseAllDocuments(text).map((document) => document.toJS() as ApiObject))
  for (const object of objects) expect((await server.admin.create(object))['spec']).toEqual(object['spec']) // no field of it is unknown
  await source.until('all of them', () => source.clusterWide().length === BOTH.length + objects.length)
  expect(source.problems()).toEqual({})
})
