// This node's pods and the policies that select them. A policy is active while it selects at least one.
import { getOrAdd, removeFrom } from '../../base/collections.ts'
import type { Labels, Pod, PodKey, PolicyKey } from '../../cluster/objects.ts'
import { podKey } from '../../cluster/objects.ts'
import { matches } from '../../policy/selector.ts'
import type { ClusterPolicy, Direction, Policy } from '../../policy/types.ts'
import type { PodRecord } from '../model.ts'
import type { Change } from '../../source.ts'
import { type AnyPolicy, isClusterPolicy } from '../stages/active-policy.ts'
import { Policies } from './policies.ts'
import type { Tables } from './elements.ts'

export interface LocalPod {
  record: PodRecord
  readonly selectedBy: Map<PolicyKey, AnyPolicy>
  /** undefined: no policy has a say. */
  readonly tables: Record<Direction, Tables | undefined>
}

export class LocalPods {
  readonly policies = new Policies()
  readonly #byNamespace = new Map<string, Map<PodKey, LocalPod>>()
  readonly #namespaces = new Map<string, Labels>()
  readonly #selected = new Map<PolicyKey, { readonly policy: AnyPolicy; readonly pods: number }>()
  readonly #changedPods = new Set<LocalPod>()
  readonly #changedPolicies = new Set<PolicyKey>()
  #size = 0
  #revision = 0

  get size(): number {
    return this.#size
  }

  /** Grows with every change of a local pod. */
  get revision(): number {
    return this.#revision
  }

  *records(): Iterable<PodRecord> {
    for (const { record } of this.#all()) yield record
  }

  get({ pod }: PodRecord): LocalPod | undefined {
    return this.#byNamespace.get(pod.namespace)?.get(podKey(pod))
  }

  /** How many local pods a policy selects. */
  selectedBy(key: PolicyKey): number {
    return this.#selected.get(key)?.pods ?? 0
  }

  /** Whether a change may make a ClusterNetworkPolicy select a local pod. @param node whose pods are local */
  maySelect({ kind, now }: Change, node: string): boolean {
    if (kind === 'cluster-policy') return now !== undefined
    return this.policies.hasClusterPolicies && (kind === 'namespace' || (kind === 'pod' && now?.nodeName === node))
  }

  /** Whether a ClusterNetworkPolicy that selects a local pod is among those that takeChangedPolicies() is going to return. */
  hasNewClusterPolicy(): boolean {
    for (const key of this.#changedPolicies) {
      const policy = this.activePolicy(key)
      if (policy !== undefined && isClusterPolicy(policy)) return true
    }
    return false
  }

  /** The policy, if it selects a local pod. */
  activePolicy(key: PolicyKey): AnyPolicy | undefined {
    return this.#selected.get(key)?.policy
  }

  /** A pod is here, with this record. */
  put(record: PodRecord): void {
    const { namespace, labels } = record.pod
    let local = this.get(record)
    const labelled = local?.record.pod.labels
    if (local === undefined) {
      local = { record, selectedBy: new Map(), tables: { ingress: undefined, egress: undefined } }
      getOrAdd(this.#byNamespace, namespace, () => new Map<PodKey, LocalPod>()).set(podKey(record.pod), local)
      this.#size++
    }
    local.record = record
    this.#revision++
    this.#changedPods.add(local)
    if (labelled === labels) return
    for (const policy of this.policies.about(namespace)) this.#select(local, policy.key, policy)
  }

  /** A pod is not here any more. */
  remove(record: PodRecord): void {
    const local = this.get(record)
    if (local === undefined) return
    for (const key of [...local.selectedBy.keys()]) this.#select(local, key, undefined)
    removeFrom(this.#byNamespace, record.pod.namespace, podKey(record.pod))
    this.#changedPods.add(local)
    this.#size--
    this.#revision++
  }

  /** @param namespace of the policy */
  setPolicy(key: PolicyKey, namespace: string, policy: Policy | undefined): void {
    this.policies.setPolicy(key, policy)
    for (const local of this.#byNamespace.get(namespace)?.values() ?? []) this.#select(local, key, policy)
  }

  setClusterPolicy(key: PolicyKey, policy: ClusterPolicy | undefined): void {
    this.policies.setClusterPolicy(key, policy)
    for (const local of this.#all()) this.#select(local, key, policy)
  }

  /** @param labels undefined: not known; then only ClusterNetworkPolicies for all namespaces select its pods */
  setNamespace(name: string, labels: Labels | undefined): void {
    if (labels === undefined) this.#namespaces.delete(name)
    else this.#namespaces.set(name, labels)
    for (const local of this.#byNamespace.get(name)?.values() ?? []) {
      for (const policy of this.policies.ofCluster()) this.#select(local, policy.key, policy)
    }
  }

  /** Pods whose record or policies changed since this was last called, those included that are gone. */
  takeChangedPods(): LocalPod[] {
    const changed = [...this.#changedPods]
    this.#changedPods.clear()
    return changed
  }

  /** Policies that became active or inactive or changed while active since this was last called. */
  takeChangedPolicies(): PolicyKey[] {
    const changed = [...this.#changedPolicies]
    this.#changedPolicies.clear()
    return changed
  }

  /** Whether a policy selects pods of this kind; a NetworkPolicy is asked about its own namespace only. */
  selects(policy: AnyPolicy, pod: Pick<Pod, 'namespace' | 'labels'>): boolean {
    if (!isClusterPolicy(policy)) return matches(policy.podSelector, pod.labels)
    const { namespaces, pods } = policy.subject
    if (!matches(pods, pod.labels)) return false
    const labels = this.#namespaces.get(pod.namespace)
    return namespaces.requirements.length === 0 || (labels !== undefined && matches(namespaces, labels))
  }

  *#all(): Iterable<LocalPod> {
    for (const pods of this.#byNamespace.values()) yield* pods.values()
  }

  #select(local: LocalPod, key: PolicyKey, policy: AnyPolicy | undefined): void {
    const before = local.selectedBy.get(key)
    const now = policy !== undefined && this.selects(policy, local.record.pod) ? policy : undefined
    if (before === now) return
    this.#changedPods.add(local)
    this.#changedPolicies.add(key)
    const pods = this.selectedBy(key) + Number(now !== undefined) - Number(before !== undefined)
    const latest = now ?? policy ?? this.#selected.get(key)?.policy
    if (now === undefined) local.selectedBy.delete(key)
    else local.selectedBy.set(key, now)
    if (pods === 0 || latest === undefined) this.#selected.delete(key)
    else this.#selected.set(key, { policy: latest, pods })
  }
}
