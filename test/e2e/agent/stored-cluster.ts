// What the API server has stored, as the reference evaluator takes it: read with plain lists, by none of what the agent reads with.
import { readNamespace } from '../../../src/cluster/read-namespace.ts'
import { readPod } from '../../../src/cluster/read-pod.ts'
import { readPolicy } from '../../../src/policy/read.ts'
import type { Cluster } from '../../arbitrary/cluster.ts'
import type { ApiClient } from '../api-client.ts'

export async function storedCluster(admin: ApiClient): Promise<Cluster> {
  const paths = ['/api/v1/pods', '/api/v1/namespaces', '/apis/networking.k8s.io/v1/networkpolicies']
  const [pods = [], namespaces = [], policies = []] = await Promise.all(paths.map((path) => items(admin, path)))
  return {
    pods: defined(pods.map((object) => readPod(object).change?.now)),
    namespaces: defined(namespaces.map((object) => readNamespace(object).change?.now)),
    policies: defined(policies.map((object) => readPolicy(object).policy)),
    clusterPolicies: [],
    nodes: [],
  }
}

async function items(admin: ApiClient, path: string): Promise<readonly unknown[]> {
  const { items } = await admin.get(path)
  return items as unknown[]
}

function defined<T>(values: readonly (T | undefined)[]): T[] {
  return values.filter((value) => value !== undefined)
}
