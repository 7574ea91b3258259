// What `helm test` and `helm uninstall` do, as rendered. test/e2e/chart has them done.
import { expect, test } from '@jest/globals'
import type { ApiObject } from '../e2e/resource-path.ts'
import { find, render, type Values } from './helm.ts'
import { podSpecOf, templateOf } from './pod-template.ts'

const HOOK = 'helm.sh/hook'

/** Objects of an event, in the order in which helm makes them. */
async function hooks(event: string, values: Values = {}): Promise<ApiObject[]> {
  const annotation = ({ metadata }: ApiObject, name: string): string | undefined => {
    return (metadata['annotations'] as Record<string, string> | undefined)?.[name]
  }
  const weight = (object: ApiObject): number => Number(annotation(object, `${HOOK}-weight`))
  return (await render(values)).filter((object) => annotation(object, HOOK) === event).sort((a, b) => weight(a) - weight(b))
}

test('the test\'s policy is there first, then the server, the client that may, the one that may not, and the count', async () => {
  const order = (await hooks('test')).map(({ kind, metadata: { name } }) => `${kind} ${name.replace('vethguard-test-', '')}`)
  expect(order.slice(0, 2).sort()).toEqual(['NetworkPolicy server', 'Service server'])
  expect(order.slice(2)).toEqual(['Deployment server', 'Pod allowed', 'Pod denied', 'Pod counted'])
})

test('the server\'s policy allows one client by its label, and not the other', async () => {
  const objects = await hooks('test')
  const { podSelector, ingress, policyTypes } = find(objects, 'NetworkPolicy', 'vethguard-test-server')['spec'] as {
    podSelector: { matchLabels: object }; policyTypes: string[]; ingress: { from: { podSelector: { matchLabels: object } }[] }[]
  }
  const labels = (name: string): unknown => find(objects, 'Pod', `vethguard-test-${name}`).metadata['labels']
  const allowed = ingress[0]!.from[0]!.podSelector.matchLabels
  expect(policyTypes).toEqual(['Ingress'])
  expect(templateOf(find(objects, 'Deployment', 'vethguard-test-server')).metadata.labels).toMatchObject(podSelector.matchLabels)
  expect(labels('allowed')).toMatchObject(allowed)
  expect(labels('denied')).not.toMatchObject(allowed)
})

test('an agent that does not listen cannot be asked what it counted', async () => {
  expect((await hooks('test', { listen: 'off' })).map(({ metadata: { name } }) => name)).not.toContain('vethguard-test-counted')
})

test('pods of the test tolerate what they are told to, and by default nothing', async () => {
  const tolerated = async (values: Values): Promise<unknown[]> => {
    return (await hooks('test', values)).flatMap((object) => podSpecOf(object) ?? []).map(({ tolerations }) => tolerations)
  }
  const tolerations = [{ operator: 'Exists', effect: 'NoSchedule' }]
  expect(await tolerated({})).toEqual([undefined, undefined, undefined, undefined])
  expect(await tolerated({ tests: { tolerations } })).toEqual([tolerations, tolerations, tolerations, tolerations])
})

test('no pod of the cleanup goes to a node where an agent still is', async () => {
  const objects = await render({ affinity: { nodeAffinity: { a: [] }, podAffinity: { b: [] } } })
  const agent = templateOf(find(objects, 'DaemonSet')).metadata.labels
  const { affinity } = podSpecOf(find(objects, 'DaemonSet', 'vethguard-cleanup'))!
  expect(affinity).toEqual({
    nodeAffinity: { a: [] },
    podAntiAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: agent } }],
    },
  })
})

test('the cleanup goes wherever the agent goes', async () => {
  const objects = await render({ nodeSelector: { a: 'b' }, tolerations: [{ key: 'c', operator: 'Exists' }] })
  const [agent, cleanup] = ['vethguard', 'vethguard-cleanup'].map((name) => podSpecOf(find(objects, 'DaemonSet', name))!)
  for (const field of ['nodeSelector', 'tolerations', 'hostNetwork', 'priorityClassName']) expect(cleanup![field]).toEqual(agent![field])
})

test('helm waits for the cleanup with rights to look at it, and at nothing else', async () => {
  const objects = await hooks('post-delete', { cleanup: { timeoutSeconds: 30 } })
  expect(objects.at(-1)!.kind).toBe('Job')
  expect(find(objects, 'Role', 'vethguard-cleanup')['rules']).toEqual([
    { apiGroups: ['apps'], resources: ['daemonsets'], resourceNames: ['vethguard-cleanup'], verbs: ['get'] },
    { apiGroups: [''], resources: ['pods'], verbs: ['list'] },
  ])
  expect(objects.at(-1)!['spec']).toMatchObject({ backoffLimit: 0, activeDeadlineSeconds: 90 })
})

test('what waits for the cleanup may start where every node has a taint, but not where the agent may not', async () => {
  const nodeAffinity = { a: [] }
  const objects = await render({ affinity: { nodeAffinity, podAffinity: { b: [] } }, tolerations: [] })
  expect(podSpecOf(find(objects, 'Job', 'vethguard-cleanup'))).toMatchObject({
    affinity: { nodeAffinity }, tolerations: [{ operator: 'Exists', effect: 'NoSchedule' }],
  })
})

test('without cleanup nothing happens after the removal', async () => {
  expect(await hooks('post-delete', { cleanup: { enabled: false } })).toEqual([])
})
