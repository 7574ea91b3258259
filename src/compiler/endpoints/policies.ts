// Every policy of the cluster, findable by what it may select: NetworkPolicies by namespace, ClusterNetworkPolicies all together.
import { getOrAdd, removeFrom } from '../../base/collections.ts'
import { type PolicyKey, splitKey } from '../../cluster/objects.ts'
import type { ClusterPolicy, Policy } from '../../policy/types.ts'
import type { AnyPolicy } from '../stages/active-policy.ts'

export class Policies {
  readonly #byNamespace = new Map<string, Map<PolicyKey, Policy>>()
  readonly #cluster = new Map<PolicyKey, ClusterPolicy>()

  get(key: PolicyKey): AnyPolicy | undefined {
    return this.#cluster.get(key) ?? this.#byNamespace.get(splitKey(key).namespace)?.get(key)
  }

  get hasClusterPolicies(): boolean {
    return this.#cluster.size > 0
  }

  /** NetworkPolicies. */
  *ofNamespaces(): Iterable<Policy> {
    for (const policies of this.#byNamespace.values()) yield* policies.values()
  }

  /** ClusterNetworkPolicies. */
  ofCluster(): Iterable<ClusterPolicy> {
    return this.#cluster.values()
  }

  /** Those that may select a pod of the namespace. */
  *about(namespace: string): Iterable<AnyPolicy> {
    yield* this.#byNamespace.get(namespace)?.values() ?? []
    yield* this.#cluster.values()
  }

  setPolicy(key: PolicyKey, policy: Policy | undefined): void {
    const { namespace } = splitKey(key)
    if (policy === undefined) removeFrom(this.#byNamespace, namespace, key)
    else getOrAdd(this.#byNamespace, namespace, () => new Map<PolicyKey, Policy>()).set(key, policy)
  }

  setClusterPolicy(key: PolicyKey, policy: ClusterPolicy | undefined): void {
    if (policy === undefined) this.#cluster.delete(key)
    else this.#cluster.set(key, policy)
  }
}
