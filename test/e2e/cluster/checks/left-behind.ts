// What a release has left in a cluster: tables in the kernels of nodes, files on nodes, objects.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { exec } from '../../../../lab/namespace.ts'
import type { ApiObject } from '../../resource-path.ts'
import type { Cluster } from '../cluster.ts'

const NAME = 'vethguard'
/** Lists in which objects of the chart are, its hooks included. */
const LISTS = [
  '/apis/rbac.authorization.k8s.io/v1/clusterroles', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
  '/apis/rbac.authorization.k8s.io/v1/roles', '/apis/rbac.authorization.k8s.io/v1/rolebindings',
  '/apis/apps/v1/daemonsets', '/apis/apps/v1/deployments', '/apis/batch/v1/jobs', '/apis/networking.k8s.io/v1/networkpolicies',
  '/api/v1/serviceaccounts', '/api/v1/services', '/api/v1/configmaps', '/api/v1/secrets', '/api/v1/pods',
]
/** @returns a line for each thing */
export async function leftOfRelease(cluster: Cluster): Promise<string[]> {
  const objects = await Promise.all(LISTS.map((path) => objectsIn(cluster, path)))
  return [...tablesOf(cluster), ...filesOf(cluster), ...objects.flat()]
}

/** Our tables, and whatever else of nftables is called like them. */
export function tablesOf({ nodes }: Cluster): string[] {
  return nodes.flatMap(({ name, namespace }) => exec(namespace, ['nft', 'list', 'tables']).split('\n')
    .filter((line) => line.includes(NAME)).map((line) => `${name}: ${line}`))
}

/** The chart mounts nothing of a node (see rights.ts), so what kubelet keeps of its pods is all that there can be. */
function filesOf({ nodes, folder }: Cluster): string[] {
  return nodes.flatMap(({ name }) => readdirSync(join(folder, name, 'pod-logs')).filter((log) => log.includes(NAME)).map((log) => `${name}: ${log}`))
}

async function objectsIn({ admin }: Cluster, path: string): Promise<string[]> {
  const { items } = await admin.get(path)
  return (items as ApiObject[]).map(({ metadata: { name } }) => name).filter((name) => name.includes(NAME)).map((name) => `${path}/${name}`)
}
