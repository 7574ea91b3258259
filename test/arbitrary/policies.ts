// Random policies that reach every feature of Policy, over the labels, ports and addresses of pods.ts and pool.ts.
import fc from 'fast-check'
import { type Address, type AddressRange, contains, familyOf, formatAddress, parseCidr } from '../../src/cluster/address.ts'
import { policyKey } from '../../src/cluster/objects.ts'
import { EVERYTHING, selectorOf } from '../../src/policy/selector.ts'
import type { BlockPeer, Operator, Peer, Policy, Port, Requirement, Rule, Selector } from '../../src/policy/types.ts'
import { LABELS, NAMESPACES, NAMESPACE_LABELS, PORT_NAMES, PORT_NUMBERS, PROTOCOLS } from './pods.ts'
import { type AddressPool, addressesOf } from './pool.ts'

const POLICY_NAMES = ['p0', 'p1', 'p2', 'p3', 'p4'] as const
const RANGES = [[80, 81], [81, 443], [1, 1024], [443, 8080], [8080, 65_535], [0, 65_535], [65_535, 65_535]] as const
const LENGTHS = { 4: [0, 1, 8, 24, 28, 29, 30, 31, 32], 6: [0, 3, 48, 64, 124, 125, 126, 127, 128] } as const

export function policyArb(pool: AddressPool): fc.Arbitrary<Policy> {
  const rules = fc.option(fc.array(ruleArb(pool), { maxLength: 3 }), { nil: undefined, freq: 3 })
  return fc
    .record({
      namespace: fc.constantFrom(...NAMESPACES),
      name: fc.constantFrom(...POLICY_NAMES),
      podSelector: selectorArb(LABELS),
      ingress: rules,
      egress: rules,
    })
    .map((policy) => {
      const ingress = policy.egress === undefined ? (policy.ingress ?? []) : policy.ingress
      return { ...policy, key: policyKey(policy), ingress }
    })
}

function ruleArb(pool: AddressPool): fc.Arbitrary<Rule> {
  return fc.record({ peers: listOrAny(peerArb(pool), 3), ports: listOrAny(portArb, 3) })
}

/** The list may be empty: it then matches nothing. */
export function listOrAny<Item>(item: fc.Arbitrary<Item>, maxLength: number): fc.Arbitrary<Item[] | 'any'> {
  const list = fc.array(item, { minLength: 1, maxLength })
  return fc.oneof(
    { weight: 6, arbitrary: list },
    { weight: 1, arbitrary: fc.constant<Item[]>([]) },
    { weight: 4, arbitrary: fc.constant('any' as const) },
  )
}

function peerArb(pool: AddressPool): fc.Arbitrary<Peer> {
  const namespaces = fc.oneof(fc.constantFrom('own' as const, EVERYTHING), selectorArb(NAMESPACE_LABELS))
  const pods = fc.record({ kind: fc.constant('pods' as const), namespaces, pods: selectorArb(LABELS) })
  return fc.oneof({ weight: 3, arbitrary: pods }, { weight: 2, arbitrary: blockArb(addressesOf(pool)) })
}

export const portArb: fc.Arbitrary<Port> = fc
  .record({
    protocol: fc.constantFrom(...PROTOCOLS),
    what: fc.oneof(
      { weight: 2, arbitrary: fc.constantFrom(...PORT_NUMBERS).map((port) => ({ kind: 'number' as const, first: port, last: port })) },
      { weight: 2, arbitrary: fc.constantFrom(...RANGES).map(([first, last]) => ({ kind: 'number' as const, first, last })) },
      { weight: 3, arbitrary: fc.constantFrom(...PORT_NAMES).map((name) => ({ kind: 'name' as const, name })) },
    ),
  })
  .map(({ protocol, what }) => ({ ...what, protocol }))

/** Zero to two requirements over the given keys and values. */
export function selectorArb(labels: Readonly<Record<string, readonly string[]>>): fc.Arbitrary<Selector> {
  const requirement = fc.constantFrom(...Object.keys(labels)).chain((key) => requirementArb(key, labels[key] ?? []))
  const some = fc.array(requirement, { minLength: 1, maxLength: 2 }).map(selectorOf)
  return fc.oneof({ weight: 1, arbitrary: fc.constant(EVERYTHING) }, { weight: 2, arbitrary: some })
}

function requirementArb(key: string, known: readonly string[]): fc.Arbitrary<Requirement> {
  const values = fc.array(fc.constantFrom(...known, 'unheard-of'), { minLength: 1, maxLength: 3 })
  return fc.oneof(
    { weight: 4, arbitrary: fc.record({ key: fc.constant(key), operator: fc.constant('In' as const), values }) },
    { weight: 2, arbitrary: fc.record({ key: fc.constant(key), operator: fc.constant('NotIn' as const), values }) },
    { weight: 1, arbitrary: fc.constantFrom<Operator[]>('Exists', 'DoesNotExist').map((operator) => ({ key, operator, values: [] })) },
  )
}

/** Blocks around the pool's addresses, from one address to a whole family, with nested and overlapping excepts inside. */
export function blockArb(addresses: readonly Address[]): fc.Arbitrary<BlockPeer> {
  const range = fc.constantFrom(...addresses).chain((address) => {
    return fc.constantFrom(...LENGTHS[familyOf(address)]).map((length) => cidrOf(address, length))
  })
  return fc.tuple(range, fc.array(range, { maxLength: 5 })).map(([cidr, candidates]) => {
    const except = candidates.filter((candidate) => isInside(candidate, cidr)).slice(0, 3)
    return { kind: 'block', cidr, except }
  })
}

function isInside(inner: AddressRange, outer: AddressRange): boolean {
  const same = inner.first === outer.first && inner.last === outer.last
  return !same && contains(outer, inner.first) && contains(outer, inner.last)
}

function cidrOf(address: Address, length: number): AddressRange {
  const range = parseCidr(`${formatAddress(address)}/${length}`)
  if (range === undefined) throw new Error(`no CIDR: ${formatAddress(address)}/${length}`)
  return range
}
