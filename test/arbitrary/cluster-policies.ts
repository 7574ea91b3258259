// Random ClusterNetworkPolicies and nodes: every tier, action and kind of peer, with ties, Pass chains, and blocks and nodes that overlap pods.
import fc from 'fast-check'
import { type ClusterNode, clusterPolicyKey } from '../../src/cluster/objects.ts'
import type { ClusterPeer, ClusterPolicy, ClusterRule, Port } from '../../src/policy/types.ts'
import { LABELS, NAMESPACE_LABELS, PORT_NAMES } from './pods.ts'
import { blockArb, listOrAny, portArb, selectorArb } from './policies.ts'
import { type AddressPool, addressesOf } from './pool.ts'

const NODE_LABELS = { zone: ['east', 'west'], role: [''] } as const
const POLICY_NAMES = ['c0', 'c1', 'c2', 'c3', 'c4', 'c5'] as const

export function nodeArb(pool: AddressPool): fc.Arbitrary<ClusterNode> {
  const outside = fc.constantFrom(...pool.outside)
  const anywhere = fc.constantFrom(...addressesOf(pool)) // as when a pod's address was a node's before
  return fc.record({
    name: fc.constantFrom(...pool.nodeNames),
    labels: fc.record({ zone: fc.constantFrom(...NODE_LABELS.zone), role: fc.constantFrom(...NODE_LABELS.role) }, { requiredKeys: [] }),
    addresses: fc.uniqueArray(fc.oneof({ weight: 8, arbitrary: outside }, { weight: 1, arbitrary: anywhere }), { maxLength: 3 }),
  })
}

export function clusterPolicyArb(pool: AddressPool): fc.Arbitrary<ClusterPolicy> {
  const everywhere = { requirements: [] }
  const rules = (peer: fc.Arbitrary<ClusterPeer>) => fc.array(ruleArb(peer), { maxLength: 5 })
  return fc.record({
    name: fc.constantFrom(...POLICY_NAMES),
    tier: fc.constantFrom('Admin' as const, 'Admin' as const, 'Baseline' as const),
    priority: fc.constantFrom(0, 0, 10, 1000),
    subject: fc.record({
      namespaces: fc.oneof(fc.constant(everywhere), selectorArb(NAMESPACE_LABELS)),
      pods: fc.oneof(fc.constant(everywhere), selectorArb(LABELS)),
    }),
    ingress: rules(podPeerArb),
    egress: rules(fc.oneof(
      { weight: 3, arbitrary: podPeerArb },
      { weight: 2, arbitrary: blockArb(addressesOf(pool)).map((block): ClusterPeer => ({ ...block, except: [] })) },
      { weight: 2, arbitrary: selectorArb(NODE_LABELS).map((nodes): ClusterPeer => ({ kind: 'nodes', nodes })) },
    )),
  }).map((policy) => ({ key: clusterPolicyKey(policy.name), ...policy }))
}

const podPeerArb: fc.Arbitrary<ClusterPeer> = fc.record({
  kind: fc.constant('pods' as const),
  namespaces: selectorArb(NAMESPACE_LABELS),
  pods: selectorArb(LABELS),
})

function ruleArb(peer: fc.Arbitrary<ClusterPeer>): fc.Arbitrary<ClusterRule> {
  const ports: fc.Arbitrary<Port[]> = fc.oneof(
    { weight: 3, arbitrary: portArb.filter(({ kind }) => kind === 'number').map((port) => [port]) },
    { weight: 2, arbitrary: fc.constantFrom(...PORT_NAMES).map(namedPort) },
  )
  return fc.record({
    action: fc.constantFrom('Accept' as const, 'Deny' as const, 'Pass' as const),
    // Rarely any peer at all, which only the reader writes.
    peers: fc.oneof({ weight: 8, arbitrary: fc.array(peer, { minLength: 1, maxLength: 3 }) }, { weight: 1, arbitrary: listOrAny(peer, 2) }),
    ports: fc.oneof({ weight: 1, arbitrary: fc.constant('any' as const) }, { weight: 1, arbitrary: fc.array(ports, { maxLength: 3 }).map((lists) => lists.flat()) }),
  })
}

/** destinationNamedPort has no protocol beside it. */
function namedPort(name: string): Port[] {
  return (['TCP', 'UDP', 'SCTP'] as const).map((protocol) => ({ kind: 'name', protocol, name }))
}
