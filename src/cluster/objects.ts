// What the agent keeps of the cluster's objects: the few fields that decide about packets.
import type { Address } from './address.ts'

/** `namespace/name` of a Pod. */
export type PodKey = string & { readonly __brand: 'PodKey' }
/** `namespace/name` of a NetworkPolicy, `/name` of a ClusterNetworkPolicy. */
export type PolicyKey = string & { readonly __brand: 'PolicyKey' }

export type Labels = Readonly<Record<string, string>>

/** L4 protocols that NetworkPolicy knows (core/v1 Protocol). */
export type Protocol = 'TCP' | 'UDP' | 'SCTP'

/** A named container port of a pod, sidecars (init containers with restartPolicy Always) included. */
export interface NamedPort {
  readonly name: string
  readonly protocol: Protocol
  readonly port: number
}

/**
 * A pod that can send or receive packets: it is not in phase Succeeded or Failed (those are never kept: their address may
 * already belong to another pod). A pod without an address yet is kept: it becomes one that has.
 */
export interface Pod {
  readonly namespace: string
  readonly name: string
  /** Empty where the source leaves it out: only pods of this node are told from former ones of their name. */
  readonly uid: string
  readonly labels: Labels
  /** spec.nodeName; empty while the pod is not scheduled. */
  readonly nodeName: string
  /** status.podIPs and status.podIP, without duplicates; in the order of the status. */
  readonly addresses: readonly Address[]
  /** Shares its node's network: never a policy's target, never a peer by selector. */
  readonly hostNetwork: boolean
  readonly phase: 'Pending' | 'Running' | 'Unknown'
  /** metadata.deletionTimestamp is set; still a pod like any other until it is gone or terminal. */
  readonly terminating: boolean
  /** Sorted by name, protocol, port; without duplicates. */
  readonly ports: readonly NamedPort[]
  /** Part of the object could not be read: the pod is denied everything and is nobody's peer by selector (fail closed). */
  readonly faulty: boolean
}

export interface Namespace {
  readonly name: string
  readonly labels: Labels
}

/** A node of the cluster, as peers of ClusterNetworkPolicies see it. */
export interface ClusterNode {
  readonly name: string
  readonly labels: Labels
  /** Every address of status.addresses, whatever its type; without duplicates. */
  readonly addresses: readonly Address[]
}

export function podKey(pod: { readonly namespace: string; readonly name: string }): PodKey {
  // Joined, to be in one piece: a template keeps its parts in memory beside the whole, for each of 150,000 pods.
  return [pod.namespace, pod.name].join('/') as PodKey
}

/** Of a PodKey or PolicyKey; a ClusterNetworkPolicy's namespace is empty. */
export function splitKey(key: PodKey | PolicyKey): { readonly namespace: string; readonly name: string } {
  const slash = key.indexOf('/')
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) }
}

export function policyKey(policy: { readonly namespace: string; readonly name: string }): PolicyKey {
  return `${policy.namespace}/${policy.name}` as PolicyKey
}

export function clusterPolicyKey(name: string): PolicyKey {
  return `/${name}` as PolicyKey
}

export type PolicyKind = 'NetworkPolicy' | 'ClusterNetworkPolicy'

export function kindOfPolicy(key: PolicyKey): PolicyKind {
  return key.startsWith('/') ? 'ClusterNetworkPolicy' : 'NetworkPolicy'
}

/** A policy's name as people and messages have it: `namespace/name`, of a ClusterNetworkPolicy `name`. */
export function policyName(key: PolicyKey): string {
  return key.startsWith('/') ? key.slice(1) : key
}
