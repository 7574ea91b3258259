// What is read from API servers that serve ClusterNetworkPolicies.
import { readNode } from '../cluster/read-node.ts'
import { readClusterPolicyChange } from '../policy/read-change.ts'
import { withoutNodes } from '../policy/without-nodes.ts'
import { type ClusterPolicyVersion, clusterPolicyPath } from './discovery.ts'
import { Interner } from './reflector/interner.ts'
import type { Fields } from './reflector/prune.ts'
import type { Resource } from './reflector/resource.ts'

const NODE_FIELDS: Fields = { metadata: { name: true, labels: true }, status: { addresses: true } }

/** Why peers that are nodes are not understood. */
const NODES_UNREAD = 'the API server does not let vethguard read nodes'

/** @param areNodesRead whether peers that are nodes can be told apart */
export function clusterPolicies(version: ClusterPolicyVersion, areNodesRead: boolean): Resource<'clusternetworkpolicies'> {
  return {
    name: 'clusternetworkpolicies',
    kind: 'cluster-policy',
    path: clusterPolicyPath(version),
    fieldSelector: undefined,
    fields: undefined, // as for NetworkPolicies
    isReread: true, // fields come and go with the CRD: watches then end, and mostly, but not always, with 410
    read: areNodesRead ? readClusterPolicyChange : readWithoutNodes,
  }
}

function readWithoutNodes(object: unknown): ReturnType<typeof readClusterPolicyChange> {
  const { change, problems } = readClusterPolicyChange(object)
  if (change?.now === undefined) return { change, problems }
  const closed = withoutNodes(change.now, NODES_UNREAD)
  return { change: { ...change, now: closed.policy }, problems: [...problems, ...closed.problems] }
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
