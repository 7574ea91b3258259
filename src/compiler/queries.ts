// What policies reach: for advice to their authors, for logs and for metrics. Answered from what the compiler keeps anyway.
import type { Address, Family } from '../cluster/address.ts'
import type { Pod, PolicyKey } from '../cluster/objects.ts'
import type { ClusterPolicy, Direction, Policy, Tier } from '../policy/types.ts'
import type { Interval } from './addresses/atoms.ts'
import { contenders } from './addresses/ownership.ts'
import type { LocalPods } from './endpoints/local-pods.ts'
import type { Group, PodRecord } from './model.ts'
import type { Peers } from './peers/peers.ts'
import { Reach } from './peers/reach.ts'
import { type ActivePolicy, type AnyPolicy, isClusterPolicy, namespaceOf } from './stages/active-policy.ts'

/** An address that several pods have an equal right to, at least one of them of this node. */
export interface Contested {
  readonly address: Address
  readonly pods: readonly Pod[]
  /** Those of this node. */
  readonly local: readonly Pod[]
}

export interface QuerySources {
  readonly peers: Peers
  /** Peers as NetworkPolicies (undefined) or tiers tell them apart; undefined: no policy of the kind is active. */
  readonly peersFor: (tier: Tier | undefined) => Peers | undefined
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

  /** All groups of pods, as peers of NetworkPolicies. */
  groups(): Iterable<Group> {
    return this.#sources.peers.groups.ofPods()
  }

  /** All addresses of a family, in order: pieces in which the same ipBlocks of active NetworkPolicies hold. */
  intervals(family: Family): readonly Interval[] {
    return this.#sources.peers.classes.atoms[family].intervals
  }

  /** Groups of pods that a policy selects, on any node. */
  *selected(policy: AnyPolicy): Iterable<Group> {
    const { peers: { groups }, localPods } = this.#sources
    const candidates = isClusterPolicy(policy) ? groups.ofPods() : groups.inNamespace(policy.namespace)
    for (const group of candidates) if (localPods.selects(policy, group)) yield group
  }

  /** What the peers of a policy's rules reach; undefined if it is not active. */
  reach(key: PolicyKey): Reach | undefined {
    const { active, peersFor } = this.#sources
    const policy = active.get(key)
    const peers = policy && peersFor(policy.tier)
    return peers && new Reach(peers, namespaceOf(policy.policy))
  }

  *contested(): Iterable<Contested> {
    const { peers, isLocal } = this.#sources
    for (const address of peers.book.contested) {
      const claims = contenders(peers.book.claims(address))
      const local = claims.filter(isLocal)
      if (local.length > 0) yield { address, pods: claims.map(({ pod }) => pod), local: local.map(({ pod }) => pod) }
    }
  }
}
