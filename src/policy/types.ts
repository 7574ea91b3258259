// A NetworkPolicy after defaulting and validation: nothing optional is left to interpret.
import type { AddressRange } from '../cluster/address.ts'
import type { PolicyKey, Protocol } from '../cluster/objects.ts'

export type Operator = 'In' | 'NotIn' | 'Exists' | 'DoesNotExist'

export interface Requirement {
  readonly key: string
  readonly operator: Operator
  /** Sorted, without duplicates; empty for Exists and DoesNotExist. */
  readonly values: readonly string[]
}

/** All requirements must hold; none: everything matches. Canonical: matchLabels are `In` with one value; sorted; no duplicates. */
export interface Selector {
  readonly requirements: readonly Requirement[]
}

/** Pods by labels. */
export interface PodPeer {
  readonly kind: 'pods'
  /** 'own': the policy's own namespace. */
  readonly namespaces: Selector | 'own'
  readonly pods: Selector
}

/** Addresses in `cidr` and in none of `except`. */
export interface BlockPeer {
  readonly kind: 'block'
  readonly cidr: AddressRange
  readonly except: readonly AddressRange[]
}

export type Peer = PodPeer | BlockPeer

/** Ports of the destination: `first`..`last` inclusive (all ports of the protocol: 0..65535). */
export interface NumberedPort {
  readonly kind: 'number'
  readonly protocol: Protocol
  readonly first: number
  readonly last: number
}

/** Every port of this name and protocol on the destination pod. */
export interface NamedPortRef {
  readonly kind: 'name'
  readonly protocol: Protocol
  readonly name: string
}

export type Port = NumberedPort | NamedPortRef

/** 'any' is a missing list. An empty list matches nothing: all of its entries were rejected. */
export interface Rule {
  readonly peers: readonly Peer[] | 'any'
  readonly ports: readonly Port[] | 'any'
}

export type Direction = 'ingress' | 'egress'
export const DIRECTIONS: readonly Direction[] = ['ingress', 'egress']

export interface Policy {
  readonly key: PolicyKey
  readonly namespace: string
  readonly name: string
  readonly podSelector: Selector
  /** undefined: this policy does not isolate in that direction. An empty list isolates and allows nothing. */
  readonly ingress: readonly Rule[] | undefined
  readonly egress: readonly Rule[] | undefined
}

/** "This policy is now so"; undefined: it is gone. */
export interface PolicyChange {
  readonly kind: 'policy'
  readonly key: PolicyKey
  readonly now: Policy | undefined
}

/** Of a ClusterNetworkPolicy: Admin before NetworkPolicies, Baseline after them. */
export type Tier = 'Admin' | 'Baseline'
/** Pass: no further rule of the tier is asked. */
export type Action = 'Accept' | 'Deny' | 'Pass'

/** Addresses of the nodes that these labels select, whatever runs there. */
export interface NodePeer {
  readonly kind: 'nodes'
  readonly nodes: Selector
}

/** A PodPeer here never has `namespaces: 'own'`. */
export type ClusterPeer = PodPeer | BlockPeer | NodePeer

/**
 * One rule of a ClusterNetworkPolicy. 'any' peers are written by the reader alone, where a Deny or Pass has a peer that it does not
 * understand. An empty list matches nothing.
 */
export interface ClusterRule {
  readonly action: Action
  readonly peers: readonly ClusterPeer[] | 'any'
  /** 'any' is a missing list: every protocol, ICMP included. A named port is here once for each protocol. */
  readonly ports: readonly Port[] | 'any'
}

/** Pods of the namespaces that the one selects with the labels that the other does. */
export interface Subject {
  readonly namespaces: Selector
  readonly pods: Selector
}

/** A ClusterNetworkPolicy (policy.networking.k8s.io/v1beta1) after validation. */
export interface ClusterPolicy {
  readonly key: PolicyKey
  readonly name: string
  readonly tier: Tier
  /** 0 comes first. Of equal ones, the name decides. */
  readonly priority: number
  readonly subject: Subject
  /** In order: the first rule that matches decides. None: the policy says nothing about the direction. */
  readonly ingress: readonly ClusterRule[]
  readonly egress: readonly ClusterRule[]
}

/** "This ClusterNetworkPolicy is now so"; undefined: it is gone. */
export interface ClusterPolicyChange {
  readonly kind: 'cluster-policy'
  readonly key: PolicyKey
  readonly now: ClusterPolicy | undefined
}
