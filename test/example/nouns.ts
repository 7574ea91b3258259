// What the compiler knows of peers, as lines that a person can read.
import { formatAddress, formatRange } from '../../src/cluster/address.ts'
import { policyName } from '../../src/cluster/objects.ts'
import type { Compiler } from '../../src/compiler/compiler.ts'
import type { Asked, Atom, Class, Group, Signature, PodSelection } from '../../src/compiler/model.ts'
import { type AnyPolicy, isClusterPolicy } from '../../src/compiler/stages/active-policy.ts'
import { classidText } from '../../src/nftables/element-text.ts'
import { selectorText } from '../../src/policy/selector.ts'
import { DIRECTIONS } from '../../src/policy/types.ts'

/** Groups, predicates, signatures, atoms and classes. */
export function peersOf({ queries }: Compiler): string[] {
  const groups = [...queries.groups()]
  const atoms = Map.groupBy(queries.intervals(4), ({ atom }) => atom)
  const classes = [...new Set([...atoms.keys()].flatMap((atom) => [...atom.classes]))].sort((a, b) => a.id - b.id)
  return [
    ...groups.map((group) => `group       ${groupText(group)}: ${membersOf(group)}`),
    ...predicatesOf(queries).map(({ id, text }) => `predicate   ${id}: ${text}`),
    ...[...new Set(groups.map(({ signature }) => signature))].map((signature) => `signature   ${signatureText(signature)}: ${[...signature.groups].map(groupText).join(', ')}`),
    ...[...atoms].map(([atom, ranges]) => `atom        ${atomText(atom)}: ${ranges.map(formatRange).join(', ')}`),
    ...classes.map((each) => `class       ${classidText(each.id)} = signature ${signatureText(each.signature)}, atom ${atomText(each.atom)}: ${addressesOf(each, groups)}`),
  ]
}

function groupText({ namespace, labels }: Group): string {
  return `${namespace} {${Object.entries(labels).map((label) => label.join('=')).join(', ')}}`
}

function membersOf({ members }: Group): string {
  return Array.from(members, ({ claim }) => claim?.pod.name).join(', ')
}

function predicatesOf(queries: Compiler['queries']): { readonly id: number; readonly text: string }[] {
  const asked = new Map<Asked, AnyPolicy[]>()
  for (const policy of [...queries.policies(), ...queries.clusterPolicies()]) {
    const active = queries.active(policy.key)
    for (const each of new Set(DIRECTIONS.flatMap((direction) => active?.asked[direction] ?? []))) asked.set(each, [...(asked.get(each) ?? []), policy])
  }
  return [...asked].sort(([a], [b]) => a.id - b.id).map(([each, policies]) => ({ id: each.id, text: `${askedText(each)} (${policies.map(nameOf).join(', ')})` }))
}

function askedText(asked: Asked): string {
  switch (asked.kind) {
    case 'pods':
      return asked.any.map(({ namespaces, pods }) => `is a pod of ${namespacesText(namespaces)} with ${selectorText(pods)}`).join(', or ')
    case 'block':
      return `has an address in ${asked.ranges.map(formatRange).join(', ')}`
    case 'nodes':
      return asked.any.map((nodes) => `is a node with ${selectorText(nodes)}`).join(', or ')
    case 'name':
      return `has a port ${asked.name}`
  }
}

function namespacesText(namespaces: PodSelection['namespaces']): string {
  if ('name' in namespaces) return namespaces.name
  return namespaces.requirements.length === 0 ? 'any namespace' : selectorText(namespaces)
}

function nameOf(policy: AnyPolicy): string {
  return `${isClusterPolicy(policy) ? 'ClusterNetworkPolicy ' : ''}${policyName(policy.key)}`
}

function signatureText({ predicates }: Signature): string {
  return `{${predicates.map(({ id }) => id).join(', ')}}`
}

function atomText({ set }: Atom): string {
  return `{${set.blocks.map(({ id }) => id).join(', ')}}`
}

function addressesOf(peerClass: Class, groups: readonly Group[]): string {
  if (peerClass.signature.predicates.length === 0) return 'addresses that no rule knows by a pod'
  const members = groups.flatMap(({ members: all }) => [...all]).filter((member) => member.class === peerClass)
  return members.map(({ address, claim }) => `${formatAddress(address)} (${claim?.pod.name})`).join(', ')
}
