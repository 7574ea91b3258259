// What the peers' side of the compiler is made of: pods in groups, addresses in classes. The files beside this one keep them in step.
import type { Address, Family } from '../cluster/address.ts'
import type { Labels, NamedPort, Pod } from '../cluster/objects.ts'
import type { GroupPredicate } from './peers/predicates.ts'
import type { BlockSet } from './addresses/sweep.ts'

/** What rules can see of a pod beside its address. */
export interface Alike {
  readonly namespace: string
  readonly labels: Labels
  readonly ports: readonly NamedPort[]
}

/** Pods that are alike: no rule can tell them apart but by address. */
export interface Group extends Alike {
  /** Within the namespace. */
  readonly key: string
  readonly members: Set<Member>
  /** Pods that hold on to the group, with or without an address. */
  pods: number
  signature: Signature
}

/** A pod as the compiler keeps it; labels and ports are those of its group, so that they are in memory once. */
export interface PodRecord {
  readonly pod: Pod
  /** undefined: no selector may match it (host network, faulty). */
  readonly group: Group | undefined
}

/** An address of the cluster. */
export interface Member {
  readonly address: Address
  /** The pod that says it is its; undefined: none does, and the address is about to be forgotten. */
  claim: PodRecord | undefined
  /** More pods that say so. */
  rivals: readonly PodRecord[]
  /** The group of the pod that owns the address; undefined while it is nobody's, or contested. */
  group: Group | undefined
  /** Known while the address is in a class. */
  atom: Atom | undefined
  /** The class that the kernel has for this address; undefined: no rule asks anything about its pod. */
  class: Class | undefined
}

/** What holds for a pod: the pod and port predicates, true of all groups in here. */
export interface Signature {
  /** Ascending ids. Changes in place when all groups of the signature change alike. */
  predicates: readonly GroupPredicate[]
  key: string
  readonly groups: Set<Group>
  /** Members of all its groups. */
  addresses: number
  readonly classes: Map<Atom, Class>
}

/** What holds for an address: the CIDR blocks that contain it. */
export interface Atom {
  /** None in most of the address space. Changes in place when all addresses of the atom change alike. */
  set: BlockSet
  readonly classes: Set<Class>
}

/** Addresses that no active rule can tell apart. */
export interface Class {
  readonly id: number
  readonly family: Family
  readonly signature: Signature
  readonly atom: Atom
  /** Elements in the kernel that carry its number: addresses, or intervals where the signature is empty. */
  elements: number
}
