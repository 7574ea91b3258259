// The cluster as the evaluator looks it up.
import type { Address } from '../cluster/address.ts'
import { type ClusterNode, type Namespace, type Pod, policyKey } from '../cluster/objects.ts'
import { type Claimants, claimantsOf, trustedOwner } from './owner.ts'
import type { Remote } from './peer.ts'
import type { ClusterPolicy, Direction, Policy } from './types.ts'
import type { ClusterState, Flow } from './verdict.ts'

export interface World {
  readonly claimants: (address: Address) => Claimants
  readonly nodesAt: (address: Address) => readonly ClusterNode[]
  readonly namespaces: ReadonlyMap<string, Namespace>
  /** By namespace, in key order. */
  readonly policies: ReadonlyMap<string, readonly Policy[]>
  /** By priority, then by name. */
  readonly clusterPolicies: readonly ClusterPolicy[]
  /** The node whose pods are enforced; undefined: all. */
  readonly node: string | undefined
}

/** One direction of a flow, for the pod that is judged. */
export interface Question {
  readonly pod: Pod
  readonly direction: Direction
  readonly flow: Flow
  readonly remote: Remote
  /** The pod whose container ports give names their numbers. */
  readonly destination: Pod | undefined
  readonly exempt: 'itself' | 'own-node' | undefined
}

export function worldOf(cluster: ClusterState, node: string | undefined): World {
  const pods = [...cluster.pods]
  const byAddress = Map.groupBy(pods.flatMap((pod) => pod.addresses.map((address) => ({ address, pod }))), ({ address }) => address)
  const claimants = new Map([...byAddress].map(([address, claims]) => [address, claimantsOf(address, claims.map(({ pod }) => pod))]))
  const policies = [...cluster.policies].sort((a, b) => (policyKey(a) < policyKey(b) ? -1 : 1))
  const nodes = [...cluster.nodes ?? []]
  return {
    claimants: (address) => claimants.get(address) ?? [],
    nodesAt: (address) => nodes.filter(({ addresses }) => addresses.includes(address)),
    namespaces: new Map(Array.from(cluster.namespaces, (namespace) => [namespace.name, namespace])),
    policies: Map.groupBy(policies, ({ namespace }) => namespace),
    clusterPolicies: [...cluster.clusterPolicies ?? []].sort((a, b) => a.priority - b.priority || (a.name < b.name ? -1 : 1)),
    node,
  }
}

/** The other end of a flow. */
export function remoteOf(world: World, address: Address): Remote {
  const pod = trustedOwner(world.claimants(address))
  const namespace = pod === undefined ? undefined : world.namespaces.get(pod.namespace)
  return { address, pod, namespaceLabels: namespace?.labels, nodeLabels: world.nodesAt(address).map(({ labels }) => labels) }
}
