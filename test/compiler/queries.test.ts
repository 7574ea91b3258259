// What policies reach, asked of the compiler.
import { beforeEach, describe, expect, test } from '@jest/globals'
import { formatAddress } from '../../src/cluster/address.ts'
import type { PolicyKey } from '../../src/cluster/objects.ts'
import { Compiler } from '../../src/compiler/compiler.ts'
import type { NodePredicate, PodPredicate } from '../../src/compiler/model.ts'
import type { Reach } from '../../src/compiler/peers/reach.ts'
import type { ActiveRule } from '../../src/compiler/stages/active-policy.ts'
import type { ClusterPolicy, Direction, NodePeer, PodPeer, Policy } from '../../src/policy/types.ts'
import { changesOf } from '../arbitrary/cluster.ts'
import { addressOf } from '../arbitrary/pool.ts'
import { clusterPolicy, namespace, pod, policy } from '../policy/state.ts'

const NODE = 'node-a'
const HTTP = { name: 'http', protocol: 'TCP', port: 80 } as const
const PODS = [
  pod('x/web', '10.0.0.1', { ports: [HTTP] }), pod('x/web-2', '10.0.0.2', { labels: { app: 'web' }, nodeName: 'other', ports: [HTTP] }),
  pod('x/db', '10.0.0.3'), pod('y/db', '10.0.0.4', { nodeName: 'other' }),
]

let compiler: Compiler
beforeEach(() => {
  compiler = new Compiler(NODE)
})

function load(policies: readonly Policy[], clusterPolicies: readonly ClusterPolicy[] = [], pods = PODS): void {
  compiler.load(changesOf({ pods, namespaces: [namespace('x'), namespace('y')], policies, clusterPolicies, nodes: [] }))
}

function rule(key: string, direction: Direction = 'ingress', index = 0): ActiveRule {
  return compiler.queries.active(key as PolicyKey)!.rules[direction]![index]!
}

function from(...peers: readonly object[]): Policy {
  return policy('x/p', { podSelector: {}, ingress: [{ from: peers }] })
}

describe('policies', () => {
  test('of both kinds, active or not', () => {
    const [here, elsewhere, edge] = [policy('x/p', { podSelector: {} }), policy('y/p', { podSelector: {} }), clusterPolicy('edge', {})]
    load([here, elsewhere], [edge])
    const { queries } = compiler
    expect([[...queries.policies()], [...queries.clusterPolicies()]]).toEqual([[here, elsewhere], [edge]])
    expect([...queries.allPolicies()]).toEqual([here, elsewhere, edge])
    expect([queries.active(here.key)?.policy, queries.active(elsewhere.key)]).toEqual([here, undefined])
  })

  test('the local pods that they are about, by direction', () => {
    load([policy('x/all', { podSelector: {} }), policy('x/web', { podSelector: { matchLabels: { app: 'web' } }, policyTypes: ['Egress'], egress: [] })])
    const podsOf = (key: string): number[] => (['ingress', 'egress'] as const).map((direction) => compiler.queries.podsOf(key as PolicyKey, direction))
    expect([podsOf('x/all'), podsOf('x/web'), podsOf('x/none')]).toEqual([[2, 0], [0, 1], [0, 0]])
  })

  test('the groups that they select, on any node', () => {
    const all = policy('x/all', { podSelector: {} })
    load([all])
    const members = Array.from(compiler.queries.selected(all), ({ members: each }) => Array.from(each, ({ address }) => formatAddress(address)).sort())
    expect(members.sort()).toEqual([['10.0.0.1', '10.0.0.2'], ['10.0.0.3']])
  })
})

describe('peers', () => {
  test.each<[string, object, boolean, boolean]>([
    ['pods of the own namespace', { podSelector: { matchLabels: { app: 'web' } } }, true, true],
    ['of which there are none', { podSelector: { matchLabels: { app: 'none' } } }, false, true],
    ['of a namespace that there is', { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'y' } } }, true, true],
    ['of none', { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'z' } } }, false, false],
  ])('%s', (_, peer, isReached, isNamespaceReached) => {
    const of = from(peer)
    load([of])
    const reach = compiler.queries.reach(of.key)!
    const [asked] = rule('x/p').peers as PodPredicate[]
    const [written] = of.ingress![0]!.peers as PodPeer[]
    expect([reach.isReached(asked!), reach.isMatched(written!), reach.isNamespaceReached(written!)]).toEqual([isReached, isReached, isNamespaceReached])
  })

  test('of one rule, of which some reach nobody', () => {
    const of = from({ podSelector: { matchLabels: { app: 'web' } } }, { podSelector: { matchLabels: { app: 'none' } } })
    load([of])
    const reach = compiler.queries.reach(of.key)!
    const [asked] = rule('x/p').peers as PodPredicate[]
    expect([reach.isReached(asked!), (of.ingress![0]!.peers as PodPeer[]).map((peer) => reach.isMatched(peer))]).toEqual([true, [true, false]])
  })

  test('of tiers are those of their realm, nodes included', () => {
    const of = clusterPolicy('edge', { egress: [{ action: 'Deny', to: [{ nodes: { matchLabels: { zone: 'east' } } }, { nodes: { matchLabels: { zone: 'west' } } }] }] })
    compiler.load(changesOf({ pods: PODS, namespaces: [], policies: [], clusterPolicies: [of], nodes: [{ name: 'n', labels: { zone: 'east' }, addresses: [addressOf('192.0.2.1')] }] }))
    const reach = compiler.queries.reach(of.key)!
    const peers = of.egress[0]!.peers as NodePeer[]
    expect(peers.map((peer) => reach.isMatched(peer))).toEqual([true, false])
    expect(reach.isReached(rule('/edge', 'egress').peers[0] as NodePredicate)).toBe(true)
  })

  test('of a policy that selects no local pod are not known', () => {
    const [elsewhere, edge] = [policy('y/p', { podSelector: {} }), clusterPolicy('edge', { subject: { pods: { podSelector: { matchLabels: { app: 'none' } } } } })]
    load([elsewhere], [edge])
    expect([compiler.queries.reach(elsewhere.key), compiler.queries.reach(edge.key)]).toEqual([undefined, undefined])
  })
})

describe('named ports of egress rules', () => {
  const to = (...peers: readonly object[]): Policy => policy('x/p', { podSelector: {}, policyTypes: ['Egress'], egress: [{ ...(peers.length === 0 ? {} : { to: peers }), ports: [{ port: 'http' }] }] })
  const reach = (): Reach => compiler.queries.reach('x/p' as PolicyKey)!
  test.each<[string, Policy, boolean]>([
    ['of anybody', to(), true],
    ['of pods that have it', to({ podSelector: { matchLabels: { app: 'web' } } }), true],
    ['of pods that have not', to({ podSelector: { matchLabels: { app: 'db' } } }), false],
    ['of a block with pods that have it', to({ ipBlock: { cidr: '10.0.0.0/31' } }), true],
    ['of a block without', to({ ipBlock: { cidr: '10.0.0.3/32' } }), false],
  ])('%s', (_, of, expected) => {
    load([of])
    expect(reach().hasPort(rule('x/p', 'egress').peers, { kind: 'name', protocol: 'TCP', name: 'http' })).toBe(expected)
    expect(reach().hasPort(rule('x/p', 'egress').peers, { kind: 'name', protocol: 'UDP', name: 'http' })).toBe(false)
  })

  test('and in which protocols pods have it', () => {
    load([to({ podSelector: { matchLabels: { app: 'web' } } })])
    expect([reach().protocolsOf(rule('x/p', 'egress').peers, 'http'), reach().protocolsOf('any', 'http'), reach().protocolsOf('any', 'dns')]).toEqual([
      new Set(['TCP']), new Set(['TCP']), new Set(),
    ])
  })
})

describe('the rest', () => {
  test('contested addresses, of which a local pod is one claimant', () => {
    load([], [], [...PODS, pod('x/rival', '10.0.0.1', { nodeName: 'other' }), pod('y/rival', '10.0.0.4', { nodeName: 'other' })])
    const found = Array.from(compiler.queries.contested(), ({ address, pods, local }) => [formatAddress(address), pods.map(({ name }) => name), local.map(({ name }) => name)])
    expect(found).toEqual([['10.0.0.1', ['web', 'rival'], ['web']]])
  })

  test('groups, and the address space', () => {
    load([from({ ipBlock: { cidr: '10.0.0.0/8' } })])
    const { queries } = compiler
    expect([[...queries.groups()].length, queries.intervals(4).length, queries.intervals(6).length]).toEqual([3, 3, 1])
  })
})
