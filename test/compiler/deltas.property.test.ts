// How much a change costs: it rewrites the lighter part of what it tells apart, whatever the blocks and selectors are.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type Address, contains, parseCidr } from '../../src/cluster/address.ts'
import { type Pod, podKey } from '../../src/cluster/objects.ts'
import { Compiler } from '../../src/compiler/compiler.ts'
import type { Delta, Key } from '../../src/nftables/content.ts'
import type { Policy } from '../../src/policy/types.ts'
import type { Change } from '../../src/source.ts'
import { clusterPolicy, namespace, pod, policy } from '../policy/state.ts'
import { property } from '../property.ts'

const LOCAL = pod('x/local', '10.255.0.1', { labels: { app: 'local' } })
const APPS = ['a', 'b', 'c', 'd'] as const
/** From all addresses to some of those that pods have. */
const CIDRS = ['0.0.0.0/0', '0.0.0.0/1', '10.0.0.0/8', '10.0.0.0/24', '10.0.0.0/25', '10.0.0.64/26', '10.0.1.0/24', '10.0.0.7/32', '192.0.2.0/24'] as const

/** Pods of another node, side by side in two networks of /24. */
const podsArb: fc.Arbitrary<Pod[]> = fc.array(fc.constantFrom(...APPS), { minLength: 1, maxLength: 60, size: 'max' }).map((apps) => (
  apps.map((app, index) => pod(`x/p${index}`, `10.0.${index % 2}.${(index * 4) & 255}`, { nodeName: 'elsewhere', labels: { app } }))
))

type Peer = { readonly cidr: (typeof CIDRS)[number] } | { readonly apps: readonly string[] }
const peerArb: fc.Arbitrary<Peer> = fc.oneof(
  fc.constantFrom(...CIDRS).map((cidr) => ({ cidr })),
  fc.subarray([...APPS], { minLength: 1 }).map((apps) => ({ apps })),
)

function policyOf(name: string, peer: Peer): Policy {
  const from = 'cidr' in peer ? { ipBlock: peer } : { podSelector: { matchExpressions: [{ key: 'app', operator: 'In', values: peer.apps }] } }
  return policy(`x/${name}`, { podSelector: { matchLabels: { app: 'local' } }, ingress: [{ from: [from], ports: [{ port: 80 }] }] })
}

function isPeer(peer: Peer, { addresses: [address], labels }: Pod): boolean {
  if ('apps' in peer) return peer.apps.includes(labels['app'] ?? '')
  return contains(parseCidr(peer.cidr)!, address!)
}

function podChange(now: Pod): Change {
  return { kind: 'pod', key: podKey(now), now }
}

function policyChange({ key }: Policy, now: Policy | undefined): Change {
  return { kind: 'policy', key, now }
}

/** Pods whose element has another class now than before. */
function rewritten(delta: Delta | undefined): Key[] {
  const { deleted, added } = delta?.sets.get('class4') ?? { deleted: new Map<Key, never>(), added: new Map<Key, never>() }
  return [...deleted.keys()].filter((key) => added.has(key))
}

/** A policy that makes a class of every pod, others, and one that comes. */
const worldArb = fc.record({ pods: podsArb, others: fc.array(peerArb, { maxLength: 3 }), peer: peerArb })

interface World {
  readonly pods: readonly Pod[]
  readonly others: readonly Peer[]
  readonly peer: Peer
}

function compilerOf({ pods, others }: Pick<World, 'pods' | 'others'>): Compiler {
  const compiler = new Compiler(LOCAL.nodeName)
  const policies = [policyOf('everybody', { apps: APPS }), ...others.map((peer, index) => policyOf(`other-${index}`, peer))]
  compiler.load([...policies.map((each) => policyChange(each, each)), ...[LOCAL, ...pods].map(podChange)])
  return compiler
}

describe('a policy rewrites at most the pods of one side of its peer, the lighter one', () => {
  /** Pods on the lighter side; a block is weighed with the pieces of the address space, too. */
  function lighterSide({ pods, peer }: World, compiler: Compiler): number {
    const inside = pods.filter((each) => isPeer(peer, each)).length
    const pieces = 'cidr' in peer ? compiler.queries.intervals(4).length : 0
    return Math.min(inside, pods.length - inside) + pieces
  }

  test('that comes, and that goes', () => {
    property(worldArb, (world) => {
      const compiler = compilerOf(world)
      const change = policyOf('more', world.peer)
      const came = compiler.apply([policyChange(change, change)])
      const most = lighterSide(world, compiler)
      expect(rewritten(came).length).toBeLessThanOrEqual(most)
      expect(rewritten(compiler.apply([policyChange(change, undefined)])).length).toBeLessThanOrEqual(most)
    })
  })
})

describe('with a thousand pods', () => {
  const pods = Array.from({ length: 1000 }, (_, index) => pod(`x/p${index}`, `10.0.${index >> 8}.${index & 255}`, { nodeName: 'elsewhere', labels: { app: index === 0 ? 'a' : 'b' } }))

  test.each<[string, Peer, number]>([
    ['all addresses', { cidr: '0.0.0.0/0' }, 0],
    ['all addresses of pods', { cidr: '10.0.0.0/8' }, 0],
    ['the address of one', { cidr: '10.0.0.7/32' }, 1],
    ['another network', { cidr: '192.0.2.0/24' }, 0],
    ['all pods but one', { apps: ['b'] }, 1],
    ['one pod', { apps: ['a'] }, 1],
    ['no pod', { apps: ['c'] }, 0],
  ])('a policy about %s rewrites the fewest', (_, peer, most) => {
    const compiler = compilerOf({ pods, others: [] })
    const change = policyOf('more', peer)
    for (const now of [change, undefined]) expect(rewritten(compiler.apply([policyChange(change, now)])).length).toBeLessThanOrEqual(most)
  })

  test('a policy for all addresses that comes into the tables of other pods changes elements of these alone', () => {
    const compiler = compilerOf({ pods, others: [] })
    const other = pod('x/other', '10.255.0.2', { labels: { app: 'other' } })
    compiler.apply([podChange(other)])
    const open = policy('x/open', { podSelector: { matchLabels: { app: 'other' } }, ingress: [{ from: [{ ipBlock: { cidr: '0.0.0.0/0' } }] }] })
    const delta = compiler.apply([policyChange(open, open)])!
    const local = LOCAL.addresses[0] as Address
    const touched = [...delta.sets].filter(([, { deleted, added }]) => [...deleted.keys(), ...added.keys()].some((key) => key.endsWith(local)))
    // One class more: addresses that are no pod's. Nobody asked of them before, so the pod has no element for them.
    expect(touched.map(([set]) => set)).toEqual([])
  })
})

describe('a rule does not tell its own peers apart', () => {
  const from = (peers: readonly Peer[]): object[] => (
    peers.map((peer) => ('cidr' in peer ? { ipBlock: peer } : { podSelector: { matchExpressions: [{ key: 'app', operator: 'In', values: peer.apps }] } }))
  )
  const ofRules = (rules: readonly (readonly Peer[])[]): Policy => (
    policy('x/all', { podSelector: { matchLabels: { app: 'local' } }, ingress: rules.map((peers, index) => ({ from: from(peers), ports: [{ port: 1 + index }] })) })
  )

  test('classes are as many as ways in which rules hold, of pods and of addresses', () => {
    property(fc.record({ pods: podsArb, rules: fc.array(fc.array(peerArb, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 3 }) }), ({ pods, rules }) => {
      const compiler = new Compiler(LOCAL.nodeName)
      const all = ofRules(rules)
      compiler.load([policyChange(all, all), ...[LOCAL, ...pods].map(podChange)])
      const kinds = rules.map((peers) => [peers.filter((peer) => 'apps' in peer), peers.filter((peer) => 'cidr' in peer)] as const)
      const ways = new Set([LOCAL, ...pods].map((each) => kinds.map((kind) => kind.map((peers) => Number(peers.some((peer) => isPeer(peer, each)))).join('')).join()))
      const classes = new Set(compiler.content.sets.get('class4')?.values() ?? [])
      expect(classes.size).toBeLessThanOrEqual(ways.size)
    })
  })

  test('the action of a rule of 25 peers costs one row a pod', () => {
    const rule = (action: string): object => ({
      action, from: Array.from({ length: 25 }, (_, n) => ({ namespaces: { matchLabels: { n: `${n}` } } })), protocols: [{ tcp: { destinationPort: { number: 80 } } }],
    })
    const versions = ['Accept', 'Deny'].map((action) => clusterPolicy('all', { tier: 'Admin', priority: 1, subject: { namespaces: {} }, ingress: [rule(action)] }))
    const put = (now: (typeof versions)[number]): Change => ({ kind: 'cluster-policy', key: now.key, now })
    const compiler = new Compiler(LOCAL.nodeName)
    compiler.load([
      ...Array.from({ length: 25 }, (_, n): Change => ({ kind: 'namespace', key: `n${n}`, now: namespace(`n${n}`, { n: `${n}` }) })),
      ...Array.from({ length: 25 }, (_, n) => podChange(pod(`n${n}/p`, `10.0.0.${n}`, { nodeName: LOCAL.nodeName }))),
      put(versions[0]!),
    ])
    const delta = compiler.apply([put(versions[1]!)])
    expect(delta?.sets.get('in_admin4')?.added.size).toBe(25)
    expect(delta?.sets.get('tier_class4')).toBeUndefined()
  })
})
