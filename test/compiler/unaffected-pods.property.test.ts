// Pods that no ClusterNetworkPolicy applies to pay nothing for those of others: the same elements as without them, and none rewritten.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Address } from '../../src/cluster/address.ts'
import type { Pod } from '../../src/cluster/objects.ts'
import { Compiler } from '../../src/compiler/compiler.ts'
import type { Content, Delta, Key } from '../../src/nftables/content.ts'
import type { SetName } from '../../src/nftables/schema.ts'
import { matches } from '../../src/policy/selector.ts'
import { type ClusterPolicy, type Direction, DIRECTIONS } from '../../src/policy/types.ts'
import type { Change } from '../../src/source.ts'
import { clusterPolicyArb } from '../arbitrary/cluster-policies.ts'
import { changesOf, type Cluster, clusterArb } from '../arbitrary/cluster.ts'
import { flowsOf } from '../arbitrary/flows.ts'
import { ALL_LOCAL, NODES } from '../arbitrary/pool.ts'
import { property } from '../property.ts'
import { lookup } from '../../src/nftables/lookup.ts'

const NODE = NODES[0]
const SHORT = { ingress: 'in', egress: 'out' } as const

function compiled(cluster: Cluster): Compiler {
  const compiler = new Compiler(NODE)
  compiler.load(changesOf(cluster))
  return compiler
}

function applies({ subject, ...rules }: ClusterPolicy, { namespaces }: Cluster, { namespace, labels }: Pod, direction: Direction): boolean {
  const known = namespaces.find(({ name }) => name === namespace)?.labels
  const isInNamespaces = subject.namespaces.requirements.length === 0 || (known !== undefined && matches(subject.namespaces, known))
  return rules[direction].length > 0 && isInNamespaces && matches(subject.pods, labels)
}

/** Directions of local addresses to which none of the policies applies; of contested addresses nothing is known. */
function unaffected(cluster: Cluster, policies: readonly ClusterPolicy[]): (readonly [Address, Direction])[] {
  const claims = new Map<Address, Pod[]>()
  for (const each of cluster.pods) for (const address of each.addresses) claims.set(address, [...(claims.get(address) ?? []), each])
  return [...claims].flatMap(([address, pods]) => DIRECTIONS.flatMap((direction) => (
    pods.every((each) => !policies.some((of) => applies(of, cluster, each, direction))) ? [[address, direction] as const] : []
  )))
}

const NETWORK = ['judged', 'pair', 'default', 'deny'] as const
const TIERS = ['tiers', 'isolated', 'admin', 'admin_default', 'deny_admin', 'baseline', 'baseline_default', 'deny_baseline'] as const

/** Sets of a direction whose keys end with a local address: those of NetworkPolicies, and those of tiers. */
function setsOf(direction: Direction, address: Address): Record<'network' | 'tiers', SetName[]> {
  const family = address.length === 4 ? 4 : 6
  const named = (set: (typeof NETWORK | typeof TIERS)[number]): SetName => `${SHORT[direction]}_${set}${family}`
  const tiers = TIERS.map(named)
  return { network: NETWORK.map(named), tiers: direction === 'egress' ? [...tiers, `own_judged${family}`] : tiers }
}

function isOf(address: Address, key: Key): boolean {
  return key.endsWith(address) && key.length <= address.length + 4
}

/** Keys of an address, by set; lists are left out, whose numbers are names. */
function keysOf({ sets }: Content, address: Address, names: readonly SetName[]): Record<string, Key[]> {
  return Object.fromEntries(names.map((set) => [set, [...sets.get(set)!.keys()].filter((key) => isOf(address, key)).sort()]))
}

describe('beside a cluster without ClusterNetworkPolicies', () => {
  test('the same elements, and nothing of tiers', () => {
    property(clusterArb(ALL_LOCAL), (cluster) => {
      const [before, after] = [compiled({ ...cluster, clusterPolicies: [] }), compiled(cluster)]
      for (const [address, direction] of unaffected(cluster, cluster.clusterPolicies)) {
        const { network, tiers } = setsOf(direction, address)
        expect(keysOf(after.content, address, network)).toEqual(keysOf(before.content, address, network))
        expect(Object.values(keysOf(after.content, address, tiers)).flat()).toEqual([])
      }
      const isFree = new Set(unaffected(cluster, cluster.clusterPolicies).map((each) => each.join()))
      for (const flow of flowsOf(cluster)) {
        const [was, is] = [lookup(before.content, flow), lookup(after.content, flow)]
        if (isFree.has(`${flow.source},egress`)) expect(is.egress).toEqual(was.egress)
        if (isFree.has(`${flow.destination},ingress`)) expect(is.ingress).toEqual(was.ingress)
      }
    }, 0.5)
  })
})

describe('when a ClusterNetworkPolicy comes, changes or goes', () => {
  const editsArb = fc.array(fc.tuple(clusterPolicyArb(ALL_LOCAL), fc.boolean()), { minLength: 1, maxLength: 6 })

  /** Elements of an address that are deleted or added. */
  function touched(delta: Delta, address: Address, sets: readonly SetName[]): string[] {
    return sets.flatMap((set) => {
      const { deleted, added } = delta.sets.get(set) ?? { deleted: new Map<Key, never>(), added: new Map<Key, never>() }
      return [...deleted.keys(), ...added.keys()].filter((key) => isOf(address, key)).map((key) => `${set} ${Buffer.from(key, 'latin1').toString('hex')}`)
    })
  }

  test('it rewrites no class of NetworkPolicies, and no element of them of a pod that it does not apply to', () => {
    property(fc.record({ cluster: clusterArb(ALL_LOCAL), edits: editsArb }), ({ cluster, edits }) => {
      const compiler = compiled(cluster)
      const policies = new Map(cluster.clusterPolicies.map((each) => [each.key, each]))
      for (const [of, isGone] of edits) {
        const concerned = [of, ...(policies.has(of.key) ? [policies.get(of.key)!] : [])]
        const change: Change = { kind: 'cluster-policy', key: of.key, now: isGone ? undefined : of }
        const delta = compiler.apply([change])
        if (isGone) policies.delete(of.key)
        else policies.set(of.key, of)
        if (delta === undefined) continue
        for (const [address, direction] of unaffected(cluster, concerned)) expect(touched(delta, address, setsOf(direction, address).network)).toEqual([])
        for (const [address, direction] of unaffected(cluster, [...policies.values(), ...concerned])) {
          expect(touched(delta, address, setsOf(direction, address).tiers)).toEqual([])
        }
        for (const set of ['class4', 'class6', 'cidr4', 'cidr6'] as const) expect(delta.sets.has(set)).toBe(false)
      }
    })
  })
})
