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
