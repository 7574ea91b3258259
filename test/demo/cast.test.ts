// Who takes part in the demo: the manifests must have the lab's addresses.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { castOf, OUTSIDE_COUNT, serviceName } from '../../demo/cast.ts'
import { EXAMPLES, readCluster } from '../../demo/manifests.ts'
import { literalAddress } from '../../lab/host.ts'
import { Lab } from '../../lab/lab.ts'

let lab: Lab
beforeAll(() => {
  lab = Lab.create({ podsPerNode: 10, external: OUTSIDE_COUNT })
})
afterAll(() => lab.close())

test('the examples are sound, and fit the lab', async () => {
  const { pods, namespaces, policies, clusterPolicies } = await readCluster(EXAMPLES)
  expect([pods.length, namespaces.length, policies.length, clusterPolicies.length]).toEqual([10, 4, 20, 8])
  const { clients, services, metadata } = castOf(lab, pods)
  expect(clients.map(({ name }) => name).slice(0, 3)).toEqual(['internet/customer', 'internet/blocked', 'shop/web'])
  expect(services.map(serviceName)).toEqual([
    'shop/web:8080', 'shop/canary:8081', 'shop/api:8080', 'shop/cache:6379', 'shop/cache:9121', 'data/postgres:5432',
    'data/postgres:9187', 'monitoring/prometheus:9090', 'monitoring/grafana:3000', 'kube-system/dns:53/UDP', 'internet/bank:443',
  ])
  expect(serviceName(metadata)).toBe('cloud/metadata:80')
})

test('a manifest with another address is named, with the address that it must have', async () => {
  const { pods } = await readCluster(EXAMPLES)
  const moved = pods.map((pod) => (pod.name === 'api' ? { ...pod, addresses: [literalAddress('10.244.0.99')] } : pod))
  expect(() => castOf(lab, moved)).toThrow(
    'the manifest of Pod shop/api has status.podIPs 10.244.0.99, but the lab\'s pod number 2 has 10.244.0.12',
  )
})
