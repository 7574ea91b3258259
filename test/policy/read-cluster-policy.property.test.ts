// An error anywhere in a ClusterNetworkPolicy is reported, and opens nothing that the policy denied or was silent about.
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { contains } from '../../src/cluster/address.ts'
import type { Labels } from '../../src/cluster/objects.ts'
import { readClusterPolicy } from '../../src/policy/read-cluster-policy.ts'
import { matches } from '../../src/policy/selector.ts'
import type { Action, ClusterPeer, ClusterPolicy, Port } from '../../src/policy/types.ts'
import { addressOf } from '../arbitrary/pool.ts'
import { corrupted, JUNK } from './corrupted.ts'

const LABELS: readonly Labels[] = [{}, { a: '1' }, { a: '2' }, { a: '1', b: '1' }]
const ADDRESSES = ['10.0.0.1', '10.0.1.1', 'fd00::1'].map(addressOf)
const PORTS = [53, 80, 443]

/** What may become of an answer if part of the policy cannot be read: never more than was open before. */
const CLOSER: Readonly<Record<Action | 'nothing', readonly (Action | 'nothing')[]>> = {
  Deny: ['Deny'], nothing: ['nothing', 'Deny'], Pass: ['Pass', 'Deny'], Accept: ['Accept', 'Pass', 'nothing', 'Deny'],
}

const selectorArb = fc.oneof(
  fc.constant({}), // no matchLabels: a misspelt label is as good as another
  fc.constantFrom('Exists', 'DoesNotExist').map((operator) => ({ matchExpressions: [{ key: 'b', operator }] })),
  fc.constantFrom('In', 'NotIn').map((operator) => ({ matchExpressions: [{ key: 'a', operator, values: ['1'] }] })),
  fc.constant({ matchExpressions: [{ key: 'a', operator: 'In', values: ['2'] }] }),
)
const subjectArb = fc.oneof(
  fc.record({ namespaces: selectorArb }),
  fc.record({ pods: fc.record({ namespaceSelector: selectorArb, podSelector: selectorArb }, { requiredKeys: ['podSelector'] }) }),
)
const egressPeerArb = fc.oneof(
  subjectArb,
  fc.record({ networks: fc.array(fc.constantFrom('10.0.0.0/24', '10.0.0.0/8', '::/0'), { minLength: 1, maxLength: 2 }) }),
  fc.record({ nodes: selectorArb }),
)
const portArb = fc.constantFrom(...PORTS)
const protocolArb = fc.oneof(
  portArb.map((number) => ({ tcp: { destinationPort: { number } } })),
  portArb.map((start) => ({ tcp: { destinationPort: { range: { start, end: start + 100 } } } })),
  fc.constant({ destinationNamedPort: 'web' }),
)
const actionArb = fc.constantFrom('Accept', 'Deny', 'Pass')
const listOf = <T>(entry: fc.Arbitrary<T>) => fc.array(entry, { minLength: 1, maxLength: 2 })
const ruleArb = fc.record({ name: fc.constant('n'), action: actionArb, protocols: listOf(protocolArb) }, { requiredKeys: ['action'] })
const ingressArb = fc.tuple(ruleArb, listOf(subjectArb)).map(([rule, from]) => ({ ...rule, from }))
const egressArb = fc.tuple(ruleArb, listOf(egressPeerArb)).map(([rule, to]) => ({ ...rule, to }))
const objectArb = fc.record({
  metadata: fc.constant({ name: 'p' }),
  spec: fc.record({
    tier: fc.constantFrom('Admin', 'Baseline'),
    priority: fc.nat(1000),
    subject: subjectArb,
    ingress: fc.array(ingressArb, { maxLength: 3 }),
    egress: fc.array(egressArb, { maxLength: 3 }),
  }),
})

test('a sound policy is read without a problem, and keeps every rule', () => {
  fc.assert(fc.property(objectArb, (object) => {
    const { policy, problems } = readClusterPolicy(object)
    expect(problems).toEqual([])
    const { ingress, egress, tier, priority } = object.spec
    expect([policy?.ingress, policy?.egress].map((rules) => rules?.map(({ action }) => action)))
      .toEqual([ingress, egress].map((rules) => rules.map(({ action }) => action)))
    expect(policy).toMatchObject({ tier, priority })
  }))
})

test('a policy with an error anywhere is reported, and opens nothing', () => {
  const seen = { closer: 0 }
  const change = fc.record({ at: fc.nat(), junk: fc.constantFrom(...JUNK) })
  fc.assert(fc.property(objectArb, change, (object, { at, junk }) => {
    const broken = corrupted(object, at, junk) as typeof object
    // A list of rules with a misspelt name is not there any more: as on an API server, which prunes it, the policy then has none.
    fc.pre('ingress' in broken.spec && 'egress' in broken.spec)
    const before = readClusterPolicy(object).policy!
    const { policy: after, problems } = readClusterPolicy(broken)
    expect(problems).not.toEqual([])
    const answers = FLOWS.map((flow) => ({ flow, was: answer(before, flow), is: answer(after!, flow) }))
    expect(answers.filter(({ was, is }) => !CLOSER[was].includes(is))).toEqual([])
    seen.closer += answers.filter(({ was, is }) => was !== is).length
  }), { numRuns: 500 })
  expect(seen.closer).toBeGreaterThan(1000)
})

/** A connection of a pod; `port`: undefined for another protocol than TCP. */
interface Flow {
  readonly direction: 'ingress' | 'egress'
  readonly subject: { readonly namespace: Labels; readonly pod: Labels }
  readonly remote: { readonly namespace: Labels; readonly pod: Labels } | { readonly node: Labels } | { readonly address: (typeof ADDRESSES)[number] }
  readonly port: number | undefined
}

const SUBJECTS = LABELS.map((namespace, index) => ({ namespace, pod: LABELS[(index + 1) % LABELS.length]! }))
const REMOTES = [...SUBJECTS, ...LABELS.map((node) => ({ node })), ...ADDRESSES.map((address) => ({ address }))]
const FLOWS: readonly Flow[] = SUBJECTS.flatMap((subject) => REMOTES.flatMap((remote) => [...PORTS, undefined].flatMap((port) => {
  return (['ingress', 'egress'] as const).map((direction) => ({ direction, subject, remote, port }))
})))

/** The action of the first rule that matches. */
function answer(policy: ClusterPolicy, { direction, subject, remote, port }: Flow): Action | 'nothing' {
  if (!matches(policy.subject.namespaces, subject.namespace) || !matches(policy.subject.pods, subject.pod)) return 'nothing'
  const rule = policy[direction].find(({ peers, ports }) => {
    return (peers === 'any' || peers.some((peer) => peerMatches(peer, remote))) && (ports === 'any' || ports.some((each) => portMatches(each, port)))
  })
  return rule?.action ?? 'nothing'
}

function peerMatches(peer: ClusterPeer, remote: Flow['remote']): boolean {
  if (peer.kind === 'block') return 'address' in remote && contains(peer.cidr, remote.address)
  if (peer.kind === 'nodes') return 'node' in remote && matches(peer.nodes, remote.node)
  return peer.namespaces !== 'own' && 'pod' in remote && matches(peer.namespaces, remote.namespace) && matches(peer.pods, remote.pod)
}

/** Port 80 is called web. */
function portMatches(port: Port, number: number | undefined): boolean {
  if (port.protocol !== 'TCP' || number === undefined) return false
  return port.kind === 'name' ? port.name === 'web' && number === 80 : port.first <= number && number <= port.last
}
