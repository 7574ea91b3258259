// This node's pods and the policies that select them. A policy is active while it selects at least one.
import { getOrAdd, removeFrom } from '../../base/collections.ts'
import { type PolicyKey, splitKey } from '../../cluster/objects.ts'
import { matches } from '../../policy/selector.ts'
import type { Direction, Policy } from '../../policy/types.ts'
import type { Profile } from './profiles.ts'
import type { PodRecord } from '../model.ts'

export interface LocalPod {
  record: PodRecord
  readonly selectedBy: Map<PolicyKey, Policy>
  readonly profiles: Record<Direction, Profile | undefined>
}

type Namespaced<K, V> = Map<string, Map<K, V>>

export class Locals {
  /** By name. */
  readonly #pods: Namespaced<string, LocalPod> = new Map()
  readonly #policies: Namespaced<PolicyKey, Policy> = new Map()
  readonly #selected = new Map<PolicyKey, { policy: Policy; pods: number }>()
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
    for (const pods of this.#pods.values()) for (const { record } of pods.values()) yield record
  }

  pod(record: PodRecord): LocalPod | undefined {
    return this.#pods.get(record.pod.namespace)?.get(record.pod.name)
  }

  policy(key: PolicyKey): Policy | undefined {
    return this.#policies.get(splitKey(key).namespace)?.get(key)
  }

  *policies(): Iterable<Policy> {
    for (const policies of this.#policies.values()) yield* policies.values()
  }

  /** How many local pods a policy selects. */
  selectedPods(key: PolicyKey): number {
    return this.#selected.get(key)?.pods ?? 0
  }

  /** The policy, if it selects a local pod. */
  activePolicy(key: PolicyKey): Policy | undefined {
    return this.#selected.get(key)?.policy
  }

  /** A pod is here (and so). */
  put(record: PodRecord): void {
    const { namespace, name, labels } = record.pod
    let local = this.pod(record)
    const labelled = local?.record.pod.labels
    if (local === undefined) {
      local = { record, selectedBy: new Map(), profiles: { ingress: undefined, egress: undefined } }
      getOrAdd(this.#pods, namespace, () => new Map<string, LocalPod>()).set(name, local)
      this.#size++
    }
    local.record = record
    this.#revision++
    this.#changedPods.add(local)
    if (labelled === labels) return
    for (const policy of this.#policies.get(namespace)?.values() ?? []) this.#select(local, policy.key, policy)
  }

  /** A pod is not here any more. */
  remove(record: PodRecord): void {
    const local = this.pod(record)
    if (local === undefined) return
    for (const key of [...local.selectedBy.keys()]) this.#select(local, key, undefined)
    removeFrom(this.#pods, record.pod.namespace, record.pod.name)
    this.#changedPods.add(local)
    this.#size--
    this.#revision++
  }

  setPolicy(key: PolicyKey, policy: Policy | undefined): void {
    const namespace = splitKey(key).namespace
    if (policy === undefined) removeFrom(this.#policies, namespace, key)
    else getOrAdd(this.#policies, namespace, () => new Map<PolicyKey, Policy>()).set(key, policy)
    for (const local of this.#pods.get(namespace)?.values() ?? []) this.#select(local, key, policy)
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

  #select(local: LocalPod, key: PolicyKey, policy: Policy | undefined): void {
    const before = local.selectedBy.get(key)
    const now = policy !== undefined && matches(policy.podSelector, local.record.pod.labels) ? policy : undefined
    if (before === now) return
    this.#changedPods.add(local)
    this.#changedPolicies.add(key)
    const selected = this.#selected.get(key) ?? { policy: now ?? before, pods: 0 }
    selected.pods += Number(now !== undefined) - Number(before !== undefined)
    if (now !== undefined) {
      local.selectedBy.set(key, now)
      this.#selected.set(key, { policy: now, pods: selected.pods })
      return
    }
    local.selectedBy.delete(key)
    if (selected.pods === 0) this.#selected.delete(key)
    else this.#selected.set(key, { policy: policy ?? selected.policy as Policy, pods: selected.pods })
  }
}
