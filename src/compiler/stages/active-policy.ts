// Policies that apply to a pod of this node: their rules with the peers as predicates, and what a rule says to a peer of which certain
// predicates hold.
import { kindOfPolicy, type NamedPort, type PolicyKey, type Protocol } from '../../cluster/objects.ts'
import {
  type Action, type ClusterPeer, type ClusterPolicy, type ClusterRule, type Direction, DIRECTIONS, type NamedPortRef, type Policy, type Port, type Rule, type Tier,
} from '../../policy/types.ts'
import type { HitAction } from '../../policy/verdict.ts'
import type { Asked, PeerPredicate, PortName, Predicate } from '../model.ts'
import type { Predicates } from '../peers/predicates.ts'
import type { PortRange } from './judgement.ts'
import type { Hit } from './verdict.ts'

export type AnyPolicy = Policy | ClusterPolicy

export interface ActiveRule {
  readonly hit: Hit
  /** One for each kind of peers. */
  readonly peers: readonly PeerPredicate[] | 'any'
  readonly ports: readonly Port[] | 'any'
}

/** A policy that selects a pod of this node, and so has its predicates in use. */
export interface ActivePolicy {
  /** Grows with every activation: orders and tells apart versions of one policy. */
  readonly id: number
  readonly policy: AnyPolicy
  /** Of a ClusterNetworkPolicy. */
  readonly tier: Tier | undefined
  /** undefined: the policy says nothing about the direction. */
  readonly rules: Readonly<Record<Direction, readonly ActiveRule[] | undefined>>
  /** All that the rules ask, once for each use. */
  readonly asked: Readonly<Record<Direction, readonly Asked[]>>
  /** Ports of the selected pods themselves that the rules for ingress name. */
  readonly localNames: readonly NamedPortRef[]
}

/** What rules see of the other end. */
export interface Peer {
  readonly holds: readonly Predicate[]
  /** For ingress: the named ports of the pod that is judged; undefined for egress, where names are the peer's. */
  readonly local: readonly NamedPort[] | undefined
}

const ACTIONS: readonly Action[] = ['Accept', 'Deny', 'Pass']
const HIT_ACTION: Readonly<Record<Action, HitAction>> = { Accept: 'accept', Deny: 'deny', Pass: 'pass' }

export function isClusterPolicy(policy: AnyPolicy): policy is ClusterPolicy {
  return 'tier' in policy
}

/** @param predicatesFor those of NetworkPolicies (undefined), or of tiers */
export function activate(policy: AnyPolicy, id: number, predicatesFor: (tier: Tier | undefined) => Predicates): ActivePolicy {
  const tier = isClusterPolicy(policy) ? policy.tier : undefined
  const predicates = predicatesFor(tier)
  const rules: Record<Direction, readonly ActiveRule[] | undefined> = { ingress: undefined, egress: undefined }
  const asked: Record<Direction, Asked[]> = { ingress: [], egress: [] }
  for (const direction of DIRECTIONS) {
    rules[direction] = activeRules(policy, direction, (rule) => {
      const peers = predicatesOf(policy, rule, predicates)
      if (peers !== 'any') asked[direction].push(...peers)
      return peers
    })
  }
  asked.egress.push(...namesOf(policy.egress ?? []).map((port) => predicates.useName(port)))
  return { id, policy, tier, rules, asked, localNames: namesOf(policy.ingress ?? []) }
}

export function deactivate({ asked }: ActivePolicy, predicates: Predicates): void {
  for (const each of [...asked.ingress, ...asked.egress]) predicates.release(each)
}

/** Everything that the policy can have a part in: accepted connections of a NetworkPolicy, each rule of a ClusterNetworkPolicy. */
export function hitsOf(policy: AnyPolicy, direction: Direction): Hit[] {
  if (!isClusterPolicy(policy)) return policy[direction] === undefined ? [] : [networkPolicyHit(policy.key)]
  return policy[direction].map((rule, index) => clusterPolicyHit(policy.key, rule, index))
}

/**
 * Everything that a version of the policy can have had a part in, whatever its rules are now.
 * @param rules how many rules a ClusterNetworkPolicy may have in a direction
 */
export function hitsEver({ key }: Pick<AnyPolicy, 'key'>, rules: number): Hit[] {
  if (kindOfPolicy(key) === 'NetworkPolicy') return [networkPolicyHit(key)]
  return Array.from({ length: rules }, (_, rule) => ACTIONS.map((action) => clusterPolicyHit(key, { action }, rule))).flat()
}

function networkPolicyHit(policy: PolicyKey): Hit {
  return { key: policy, policy, action: 'accept', rule: undefined }
}

function clusterPolicyHit(policy: PolicyKey, { action }: Pick<ClusterRule, 'action'>, rule: number): Hit {
  const hit = HIT_ACTION[action]
  return { key: `${policy}/${hit}-${rule}`, policy, action: hit, rule }
}

/** The ports that a rule is about; 'any': every protocol. */
export function portsOf({ ports }: ActiveRule, peer: Peer): readonly PortRange[] | 'any' {
  return ports === 'any' ? 'any' : ports.flatMap((port): PortRange[] => {
    if (port.kind === 'number') return [port]
    const numbers = peer.local === undefined ? peerNumbers(port, peer.holds) : localNumbers(port, peer.local)
    return numbers.map((number) => ({ protocol: port.protocol, first: number, last: number }))
  })
}

function activeRules(policy: AnyPolicy, direction: Direction, peersOf: (rule: Rule | ClusterRule) => ActiveRule['peers']): ActiveRule[] | undefined {
  if (!isClusterPolicy(policy)) {
    const hit = networkPolicyHit(policy.key)
    return policy[direction]?.map((rule) => ({ hit, peers: peersOf(rule), ports: rule.ports }))
  }
  if (policy[direction].length === 0) return undefined
  return policy[direction].map((rule, index) => ({ hit: clusterPolicyHit(policy.key, rule, index), peers: peersOf(rule), ports: rule.ports }))
}

function predicatesOf(policy: AnyPolicy, { peers }: Rule | ClusterRule, predicates: Predicates): ActiveRule['peers'] {
  if (peers === 'any') return 'any'
  const all: readonly ClusterPeer[] = peers
  const pods = all.filter((peer) => peer.kind === 'pods')
  const nodes = all.filter((peer) => peer.kind === 'nodes')
  const blocks = all.filter((peer) => peer.kind === 'block')
  return [
    ...(pods.length === 0 ? [] : [predicates.usePods(pods, namespaceOf(policy))]),
    ...(nodes.length === 0 ? [] : [predicates.useNodes(nodes)]),
    ...predicates.useBlocks(blocks),
  ]
}

/** Only NetworkPolicies have peers in their own namespace. */
export function namespaceOf(policy: AnyPolicy): string {
  return isClusterPolicy(policy) ? '' : policy.namespace
}

/** Names of ports that rules use. */
function namesOf(rules: readonly (Rule | ClusterRule)[]): NamedPortRef[] {
  return rules.flatMap(({ ports }) => (ports === 'any' ? [] : ports.filter((port) => port.kind === 'name')))
}

function localNumbers(wanted: NamedPortRef, local: readonly NamedPort[]): number[] {
  return local.filter((port) => isSame(wanted, port)).map(({ port }) => port)
}

function peerNumbers(wanted: NamedPortRef, holds: readonly Predicate[]): number[] {
  return holds.flatMap((predicate) => (predicate.kind === 'port' && isSame(wanted, predicate.name) ? [predicate.port] : []))
}

function isSame(wanted: NamedPortRef, { name, protocol }: PortName | { readonly name: string; readonly protocol: Protocol }): boolean {
  return name === wanted.name && protocol === wanted.protocol
}
