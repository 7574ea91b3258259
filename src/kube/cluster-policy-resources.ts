// What is read from API servers that serve ClusterNetworkPolicies.
import { readNode } from '../cluster/read-node.ts'
import { readClusterPolicyChange } from '../policy/read-change.ts'
import { type ClusterPolicyVersion, clusterPolicyPath } from './discovery.ts'
import { Interner } from './reflector/interner.ts'
import type { Fields } from './reflector/prune.ts'
import type { Resource } from './reflector/resource.ts'

const NODE_FIELDS: Fields = { metadata: { name: true, labels: true }, status: { addresses: true } }

export function clusterPolicies(version: ClusterPolicyVersion): Resource<'clusternetworkpolicies'> {
  return {
    name: 'clusternetworkpolicies',
    kind: 'cluster-policy',
    path: clusterPolicyPath(version),
    fieldSelector: undefined,
    fields: undefined, // as for NetworkPolicies
    isReread: true, // fields come and go with the CRD: watches then end, and mostly, but not always, with 410
    read: readClusterPolicyChange,
  }
}

/** Peers of ClusterNetworkPolicies select nodes by label; no other policy asks for them. */
export function nodes(): Resource<'nodes'> {
  const interner = new Interner()
  return {
    name: 'nodes',
    kind: 'node',
    path: '/api/v1/nodes',
    fieldSelector: undefined,
    fields: NODE_FIELDS,
    read: (object) => {
      const { change, problems } = readNode(object)
      return { change: change?.now === undefined ? change : { ...change, now: interner.node(change.now) }, problems }
    },
  }
}
