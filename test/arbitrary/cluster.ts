// Random clusters, and random histories that end in one: the input of all properties.
import fc from 'fast-check'
import type { Change } from '../../src/source.ts'
import { type ClusterNode, type Namespace, type Pod, podKey } from '../../src/cluster/objects.ts'
import type { ClusterPolicy, Policy } from '../../src/policy/types.ts'
import { clusterPolicyArb, nodeArb } from './cluster-policies.ts'
import { namespaceArb, podArb } from './pods.ts'
import { policyArb } from './policies.ts'
import { type AddressPool, POOL } from './pool.ts'

/** A cluster at one moment; also a ClusterState for the evaluator. */
export interface Cluster {
  readonly pods: readonly Pod[]
  readonly namespaces: readonly Namespace[]
  readonly policies: readonly Policy[]
  readonly clusterPolicies: readonly ClusterPolicy[]
  readonly nodes: readonly ClusterNode[]
}

/** Up to 12 pods in four namespaces, some of which are unknown, up to 8 NetworkPolicies and 4 ClusterNetworkPolicies. */
export function clusterArb(pool: AddressPool = POOL): fc.Arbitrary<Cluster> {
  return fc.record({
    pods: fc.uniqueArray(podArb(pool), { maxLength: 12, size: 'max', selector: podKey }),
    namespaces: fc.uniqueArray(namespaceArb, { maxLength: 4, selector: ({ name }) => name }),
    policies: fc.uniqueArray(policyArb(pool), { maxLength: 8, size: 'max', selector: ({ key }) => key }),
    clusterPolicies: fc.uniqueArray(clusterPolicyArb(pool), { maxLength: 4, selector: ({ key }) => key }),
    nodes: fc.uniqueArray(nodeArb(pool), { maxLength: 3, selector: ({ name }) => name }),
  })
}

/** Up to 40 changes in a row, four upserts to one deletion, some said twice. The state it ends in: finalState. */
export function historyArb(pool: AddressPool = POOL): fc.Arbitrary<Change[]> {
  const gone = fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) })
  const told = fc.tuple(upsertArb(pool), gone, fc.constantFrom(1, 1, 1, 2)).map(([upsert, isGone, times]) => {
    return Array.from({ length: times }, (): Change => (isGone ? { ...upsert, now: undefined } : upsert))
  })
  return fc.array(told, { maxLength: 40, size: 'max' }).map((list) => list.flat())
}

/** The changes that bring a cluster about from nothing. */
export function changesOf({ pods, namespaces, policies, clusterPolicies, nodes }: Cluster): Change[] {
  return [
    ...namespaces.map(namespaceUpsert), ...nodes.map(nodeUpsert),
    ...policies.map(policyUpsert), ...clusterPolicies.map(clusterPolicyUpsert), ...pods.map(podUpsert),
  ]
}

/** The cluster after these changes. */
export function finalState(changes: Iterable<Change>): Cluster {
  const last = new Map(Array.from(changes, (change) => [`${change.kind} ${change.key}`, change]))
  const of = <K extends Change['kind']>(kind: K) => [...last.values()].flatMap((change) => (
    change.kind === kind && change.now !== undefined ? [change.now as NonNullable<Extract<Change, { kind: K }>['now']>] : []
  ))
  return { pods: of('pod'), namespaces: of('namespace'), policies: of('policy'), clusterPolicies: of('cluster-policy'), nodes: of('node') }
}

function upsertArb(pool: AddressPool): fc.Arbitrary<Change> {
  return fc.oneof(
    { weight: 5, arbitrary: podArb(pool).map(podUpsert) },
    { weight: 4, arbitrary: policyArb(pool).map(policyUpsert) },
    { weight: 2, arbitrary: namespaceArb.map(namespaceUpsert) },
    { weight: 2, arbitrary: clusterPolicyArb(pool).map(clusterPolicyUpsert) },
    { weight: 1, arbitrary: nodeArb(pool).map(nodeUpsert) },
  )
}

function podUpsert(now: Pod): Change {
  return { kind: 'pod', key: podKey(now), now }
}

function namespaceUpsert(now: Namespace): Change {
  return { kind: 'namespace', key: now.name, now }
}

function clusterPolicyUpsert(now: ClusterPolicy): Change {
  return { kind: 'cluster-policy', key: now.key, now }
}

function nodeUpsert(now: ClusterNode): Change {
  return { kind: 'node', key: now.name, now }
}

function policyUpsert(now: Policy): Change {
  return { kind: 'policy', key: now.key, now }
}
