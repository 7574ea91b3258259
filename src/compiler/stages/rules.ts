// Rules of active policies with their peers as predicates, and what they grant to a peer of whom certain predicates hold.
import type { NamedPort, PolicyKey } from '../../cluster/objects.ts'
import { type Direction, DIRECTIONS, type NamedPortRef, type Peer, type Policy, type Port, type Rule } from '../../policy/types.ts'
import type { Grant } from './permissions.ts'
import type { Asked, BlockPredicate, PodPredicate, PortName, Predicate, Predicates } from '../peers/predicates.ts'

export interface ActiveRule {
  readonly policy: PolicyKey
  readonly peers: readonly (PodPredicate | BlockPredicate)[] | 'any'
  readonly ports: readonly Port[] | 'any'
}

/** A policy that selects a pod of this node, and so has its predicates in use. */
export interface ActivePolicy {
  /** Grows with every activation: orders and tells apart versions of one policy. */
  readonly id: number
  readonly policy: Policy
  readonly rules: Readonly<Record<Direction, readonly ActiveRule[] | undefined>>
  /** All that the rules ask, once for each use. */
  readonly asked: Readonly<Record<Direction, readonly Asked[]>>
  /** Ports of the selected pods themselves that the rules for ingress name. */
  readonly localNames: readonly NamedPortRef[]
}

export function activate(policy: Policy, id: number, predicates: Predicates): ActivePolicy {
  const rules: Record<Direction, readonly ActiveRule[] | undefined> = { ingress: undefined, egress: undefined }
  const asked: Record<Direction, Asked[]> = { ingress: [], egress: [] }
  for (const direction of DIRECTIONS) {
    rules[direction] = policy[direction]?.map((rule) => activeRule(policy, rule, predicates, asked[direction]))
    if (direction === 'egress') asked.egress.push(...namesOf(policy.egress ?? []).map((port) => predicates.useName(port)))
  }
  return { id, policy, rules, asked, localNames: namesOf(policy.ingress ?? []) }
}

export function deactivate({ asked }: ActivePolicy, predicates: Predicates): void {
  for (const one of [...asked.ingress, ...asked.egress]) predicates.release(one)
}

/** Names of ports that rules use. */
function namesOf(rules: readonly Rule[]): NamedPortRef[] {
  return rules.flatMap(({ ports }) => (ports === 'any' ? [] : ports.filter((port) => port.kind === 'name')))
}

/**
 * What rules grant to a peer.
 * @param holds the predicates that hold of the peer
 * @param local for ingress, the named ports of the pod that the policy selects; undefined for egress, where names are the peer's
 */
export function grants(rules: readonly ActiveRule[], holds: ReadonlySet<Predicate>, local: readonly NamedPort[] | undefined): Grant[] {
  return rules.filter(({ peers }) => peers === 'any' || peers.some((peer) => holds.has(peer))).flatMap((rule) => granted(rule, holds, local))
}

function granted(rule: ActiveRule, holds: ReadonlySet<Predicate>, local: readonly NamedPort[] | undefined): Grant[] {
  const { policy, ports } = rule
  if (ports === 'any') return [{ policy, ports }]
  return ports.flatMap((port) => {
    if (port.kind === 'number') return [{ policy, ports: port }]
    const numbers = local === undefined ? peerNumbers(port, holds) : localNumbers(port, local)
    return numbers.map((number) => ({ policy, ports: { protocol: port.protocol, first: number, last: number } }))
  })
}

function localNumbers(wanted: NamedPortRef, local: readonly NamedPort[]): number[] {
  return local.filter(({ name, protocol }) => name === wanted.name && protocol === wanted.protocol).map(({ port }) => port)
}

function peerNumbers(wanted: NamedPortRef, holds: ReadonlySet<Predicate>): number[] {
  const isWanted = ({ name, protocol }: PortName) => name === wanted.name && protocol === wanted.protocol
  return [...holds].flatMap((predicate) => (predicate.kind === 'port' && isWanted(predicate.name) ? [predicate.port] : []))
}

function activeRule(policy: Policy, rule: Rule, predicates: Predicates, asked: Asked[]): ActiveRule {
  const use = (peer: Peer) => (peer.kind === 'pods' ? predicates.usePods(peer, policy.namespace) : predicates.useBlock(peer))
  const peers = rule.peers === 'any' ? 'any' : rule.peers.map(use)
  if (peers !== 'any') asked.push(...peers)
  return { policy: policy.key, peers, ports: rule.ports }
}
