// What the API server has stored, as the reference evaluator takes it: read with plain lists, by none of what the agent reads with.
import { readNamespace } from '../../../src/cluster/read-namespace.ts'
import { readNode } from '../../../src/cluster/read-node.ts'
import { readPod } from '../../../src/cluster/read-pod.ts'
import { readClusterPolicy } from '../../../src/policy/read-cluster-policy.ts'
import { readPolicy } from '../../../src/policy/read.ts'
import type { Cluster } from '../../arbitrary/cluster.ts'
import { type ApiClient, ApiError } from '../api-client.ts'

const PATHS = [
  '/api/v1/pods', '/api/v1/namespaces', '/apis/networking.k8s.io/v1/networkpolicies',
  '/apis/policy.networking.k8s.io/v1beta1/clusternetworkpolicies', '/api/v1/nodes',
]

export async function storedCluster(admin: ApiClient): Promise<Cluster> {
  const [pods = [], namespaces = [], policies = [], clusterPolicies = [], nodes = []] = await Promise.all(PATHS.map((path) => items(admin, path)))
  return {
    pods: defined(pods.map((object) => readPod(object).change?.now)),
    namespaces: defined(namespaces.map((object) => readNamespace(object).change?.now)),
    policies: defined(policies.map((object) => readPolicy(object).policy)),
    clusterPolicies: defined(clusterPolicies.map((object) => readClusterPolicy(object).policy)),
    nodes: defined(nodes.map((object) => readNode(object).change?.now)),
  }
}

/** None of a resource that is not served. */
async function items(admin: ApiClient, path: string): Promise<readonly unknown[]> {
  try {
    const { items } = await admin.get(path)
    return items as unknown[]
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return []
    throw error
  }
}

function defined<T>(values: readonly (T | undefined)[]): T[] {
  return values.filter((value) => value !== undefined)
}
