// What policies reach: for advice to their authors, for logs and for metrics. Answered from what the compiler keeps anyway.
import type { Address } from '../cluster/address.ts'
import type { Pod, PolicyKey } from '../cluster/objects.ts'
import type { ClusterPolicy, Direction, NamedPortRef, Policy } from '../policy/types.ts'
import { contenders } from './addresses/ownership.ts'
import type { LocalPods } from './endpoints/local-pods.ts'
import type { Group, NodePredicate, PodPredicate, PodRecord, Signature } from './model.ts'
import type { Peers } from './peers/peers.ts'
import type { Realms } from './realms.ts'
import { type ActivePolicy, type ActiveRule, type AnyPolicy, isClusterPolicy } from './stages/active-policy.ts'

/** An address that several pods have an equal right to, at least one of them of this node. */
export interface Contested {
  readonly address: Address
  readonly pods: readonly Pod[]
  /** Those of this node. */
  readonly local: readonly Pod[]
}

export interface QuerySources {
  readonly realms: Realms
  readonly localPods: LocalPods
  readonly active: ReadonlyMap<PolicyKey, ActivePolicy>
  readonly isLocal: (pod: PodRecord) => boolean
}

export class Queries {
  readonly #sources: QuerySources

  constructor(sources: QuerySources) {
    this.#sources = sources
  }

  /** All NetworkPolicies of the cluster. */
  policies(): Iterable<Policy> {
    return this.#sources.localPods.policies.ofNamespaces()
  }

  /** All ClusterNetworkPolicies. */
  clusterPolicies(): Iterable<ClusterPolicy> {
    return this.#sources.localPods.policies.ofCluster()
  }

  /** Of both kinds. */
  *allPolicies(): Iterable<AnyPolicy> {
    yield* this.policies()
    yield* this.clusterPolicies()
  }

  /** The policy, if it selects a pod of this node. */
  active(key: PolicyKey): ActivePolicy | undefined {
    return this.#sources.active.get(key)
  }

  /** How many pods of this node a policy is about in the direction: a NetworkPolicy isolates them. */
  podsOf(key: PolicyKey, direction: Direction): number {
    const { active, localPods } = this.#sources
    return active.get(key)?.rules[direction] === undefined ? 0 : localPods.selectedBy(key)
  }

  /** Groups of pods that a policy selects, on any node. */
  *selected(policy: AnyPolicy): Iterable<Group> {
    const { realms: { network: { peers: { groups } } }, localPods } = this.#sources
    const candidates = isClusterPolicy(policy) ? groups.ofPods() : groups.inNamespace(policy.namespace)
    for (const group of candidates) if (localPods.selects(policy, group)) yield group
  }

  /** Whether there is a pod or node that an active rule's peer matches. */
  isReached(peer: PodPredicate | NodePredicate): boolean {
    return this.#peers().some((peers) => [...peers.signaturesHaving(peer)].some(({ groups }) => groups.size > 0))
  }

  /** Whether there is a namespace that an active rule's peer matches. */
  isNamespaceReached(peer: PodPredicate): boolean {
    return this.#peers().some((peers) => peers.matchesNamespace(peer))
  }

  /** Whether one of an active egress rule's peers has a port of this name and protocol. */
  hasPort(peers: ActiveRule['peers'], { protocol, name }: NamedPortRef): boolean {
    const wanted = peers === 'any' ? 'any' : new Set<unknown>(peers)
    return this.#peers().some((realm) => {
      const asked = realm.predicates.name(protocol, name)
      const ports = asked === undefined ? [] : [...realm.predicates.portsOf(asked)]
      return ports.some((port) => [...realm.signaturesHaving(port)].some((signature) => wanted === 'any' || isBehind(signature, wanted)))
    })
  }

  /** Protocols of the ports of this name that pods have which an active rule's selectors match ('any': all pods). */
  protocolsOf(peers: ActiveRule['peers'], name: string): Set<string> {
    const protocols = new Set<string>()
    for (const { ports } of this.#groupsBehind(peers)) {
      for (const port of ports) if (port.name === name) protocols.add(port.protocol)
    }
    return protocols
  }

  *contested(): Iterable<Contested> {
    const { realms: { network: { peers: { book } } }, isLocal } = this.#sources
    for (const address of book.contested) {
      const claims = contenders(book.claims(address))
      const local = claims.filter(isLocal)
      if (local.length > 0) yield { address, pods: claims.map(({ pod }) => pod), local: local.map(({ pod }) => pod) }
    }
  }

  *#groupsBehind(rulePeers: ActiveRule['peers']): Iterable<Group> {
    const { network } = this.#sources.realms
    if (rulePeers === 'any') yield* network.peers.groups.ofPods()
    else for (const peer of rulePeers) if (peer.kind === 'pods') yield* this.#groupsHaving(peer)
  }

  /** A predicate holds in its own realm only. */
  *#groupsHaving(predicate: PodPredicate): Iterable<Group> {
    for (const peers of this.#peers()) for (const { groups } of peers.signaturesHaving(predicate)) yield* groups
  }

  #peers(): Peers[] {
    return this.#sources.realms.all().map(({ peers }) => peers)
  }
}

/** Whether one of these predicates holds of a pod of this signature, or of one of its addresses. */
function isBehind({ predicates, classes }: Signature, peers: ReadonlySet<unknown>): boolean {
  if (predicates.some((predicate) => peers.has(predicate))) return true
  for (const { set } of classes.keys()) if (set.blocks.some((block) => peers.has(block))) return true
  return false
}
