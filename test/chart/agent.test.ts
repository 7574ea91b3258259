// The agent's DaemonSet and its rights, as rendered.
import { expect, test } from '@jest/globals'
import { AGENT_RULES } from '../e2e/account.ts'
import { find, render, type Values } from './helm.ts'
import { type Container, templateOf } from './pod-template.ts'

async function daemonSet(values: Values = {}): ReturnType<typeof render> {
  return [find(await render(values), 'DaemonSet')]
}

async function container(values: Values = {}): Promise<Container> {
  return templateOf((await daemonSet(values))[0]!).spec.containers[0]!
}

test('the container may change the network of the node, and nothing else', async () => {
  expect((await container()).securityContext).toEqual({
    runAsUser: 0, runAsGroup: 0, runAsNonRoot: false, privileged: false, allowPrivilegeEscalation: false, readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'], add: ['NET_ADMIN'] }, seccompProfile: { type: 'RuntimeDefault' },
  })
})

test('the pod lives in the network of the node, goes everywhere, first, and mounts nothing of the node', async () => {
  const { spec } = templateOf((await daemonSet())[0]!)
  expect(spec).toMatchObject({
    hostNetwork: true, dnsPolicy: 'Default', priorityClassName: 'system-node-critical', tolerations: [{ operator: 'Exists' }],
    automountServiceAccountToken: true, serviceAccountName: 'vethguard', terminationGracePeriodSeconds: 5,
  })
  for (const field of ['volumes', 'hostPID', 'hostIPC', 'affinity', 'imagePullSecrets']) expect(spec).not.toHaveProperty(field)
})

test('an update takes the old agent first: two of them cannot own the tables', async () => {
  const [object] = await daemonSet({ maxUnavailable: '10%' })
  expect(object!['spec']).toMatchObject({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: '10%' } } })
})

test('the name of the node comes from the pod', async () => {
  expect((await container()).env).toContainEqual({ name: 'NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } })
})

test.each([
  ['127.0.0.1:9611', 9611, { host: '127.0.0.1' }],
  [':9700', 9700, { host: '127.0.0.1' }],
  ['0.0.0.0:9700', 9700, { host: '127.0.0.1' }],
  ['[::]:9611', 9611, { host: '::1' }],
  ['[fd00::7]:9611', 9611, { host: 'fd00::7' }],
  ['$(HOST_IP):9611', 9611, {}],
  ['localhost:9611', 9611, { host: 'localhost' }],
])('probes ask where the agent listens: %s', async (listen, port, host) => {
  const { startupProbe, livenessProbe, readinessProbe, ports } = await container({ listen })
  expect([startupProbe, livenessProbe, readinessProbe].map((probe) => (probe as { httpGet: unknown }).httpGet)).toEqual([
    { path: '/livez', port, ...host }, { path: '/livez', port, ...host }, { path: '/readyz', port, ...host },
  ])
  expect(ports).toEqual([{ name: 'metrics', containerPort: port }])
})

test('who does not listen is not asked', async () => {
  const agent = await container({ listen: 'off' })
  for (const field of ['startupProbe', 'livenessProbe', 'readinessProbe', 'ports']) expect(agent).not.toHaveProperty(field)
})

test.each([
  [{}, 'ghcr.io/vethguard/vethguard:0.1.0'],
  [{ tag: 'dev' }, 'ghcr.io/vethguard/vethguard:dev'],
  [{ repository: 'localhost:5000/a/b', tag: 'dev', digest: `sha256:${'a'.repeat(64)}` }, `localhost:5000/a/b@sha256:${'a'.repeat(64)}`],
])('image %j', async (image, expected) => {
  expect((await container({ image })).image).toBe(expected)
})

test('rights are those that the tests of the agent have', async () => {
  const objects = await render()
  const byGroup = (rules: unknown): unknown => [...rules as typeof AGENT_RULES].sort((a, b) => a.apiGroups[0]!.localeCompare(b.apiGroups[0]!))
  expect(byGroup(find(objects, 'ClusterRole')['rules'])).toEqual(byGroup(AGENT_RULES))
  expect(find(objects, 'ClusterRoleBinding')).toMatchObject({
    roleRef: { kind: 'ClusterRole', name: 'vethguard' }, subjects: [{ kind: 'ServiceAccount', name: 'vethguard', namespace: 'kube-system' }],
  })
})

test.each([[true, true], ['on', true], [false, false], ['off', false]])('clusterNetworkPolicies %s: the right to read them and nodes: %s', async (value, isThere) => {
  const rules = find(await render({ clusterNetworkPolicies: value }), 'ClusterRole')['rules'] as typeof AGENT_RULES
  const resources = rules.flatMap((rule) => rule.resources)
  expect(resources.sort()).toEqual(['namespaces', 'networkpolicies', 'pods', ...isThere ? ['clusternetworkpolicies', 'nodes'] : []].sort())
})

test.each([[true, 1], ['on', 1], [false, 0], ['off', 0]])('events %s: %i rules more', async (events, more) => {
  const rules = find(await render({ events }), 'ClusterRole')['rules'] as object[]
  expect(rules.slice(AGENT_RULES.length)).toEqual(more === 0 ? [] : [{ apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create'] }])
})
