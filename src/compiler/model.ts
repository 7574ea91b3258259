// What the peers' side of the compiler is made of: what rules ask, pods and nodes in groups, addresses in classes. The files of
// addresses/ and peers/ keep them in step.
import type { Address, AddressRange, Family } from '../cluster/address.ts'
import type { Labels, NamedPort, Pod, Protocol } from '../cluster/objects.ts'
import type { Selector } from '../policy/types.ts'

/** Pods in these namespaces with these labels. */
export interface PodSelection {
  readonly key: string
  /** One namespace by name, or those that a selector matches. */
  readonly namespaces: { readonly name: string } | Selector
  readonly pods: Selector
}

/** "Is one of these pods": all that a rule has as peers together, since no rule tells its own peers apart. */
export interface PodPredicate {
  readonly kind: 'pods'
  readonly id: number
  readonly key: string
  readonly any: readonly PodSelection[]
}

/** "Is an address of a node with the labels of one of these." */
export interface NodePredicate {
  readonly kind: 'nodes'
  readonly id: number
  readonly key: string
  readonly any: readonly Selector[]
}

/** "Has one of these addresses": disjoint ascending ranges of one family, of all blocks of a rule. */
export interface BlockPredicate {
  readonly kind: 'block'
  readonly id: number
  readonly key: string
  readonly ranges: readonly AddressRange[]
}

/** A port name that egress rules use: what it means differs from pod to pod. */
export interface PortName {
  readonly kind: 'name'
  readonly id: number
  readonly key: string
  readonly name: string
  readonly protocol: Protocol
}

/** "Its port of that name is this number." */
export interface PortPredicate {
  readonly kind: 'port'
  readonly id: number
  readonly name: PortName
  readonly port: number
}

/** What a rule's peers come to. */
export type PeerPredicate = PodPredicate | NodePredicate | BlockPredicate
/** What a policy can ask for. */
export type Asked = PeerPredicate | PortName
/** What is true or false of a peer. */
export type Predicate = PeerPredicate | PortPredicate
/** What is true or false of a group of pods or of a node, whatever their addresses. */
export type GroupPredicate = PodPredicate | NodePredicate | PortPredicate

/** What rules can see of a pod, or of a node's address, beside the address. */
export interface Alike {
  /** Empty: no pod has the address, only nodes do. */
  readonly namespace: string
  readonly labels: Labels
  readonly ports: readonly NamedPort[]
  /** Labels of each node that has the address: of pods, none. */
  readonly nodes: readonly Labels[]
}

/** Pods that are alike: no rule can tell them apart but by address. Or the addresses of a node. */
export interface Group extends Alike {
  /** Within the namespace. */
  readonly key: string
  readonly members: Set<Member>
  /** Pods and addresses that hold on to the group, with or without an address in it. */
  holders: number
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
  /** The pod that says it is its; undefined: none does. */
  claim: PodRecord | undefined
  /** More pods that say so. */
  rivals: readonly PodRecord[]
  /** The group of the pod or node that owns the address; undefined while it is nobody's, or contested. */
  group: Group | undefined
  /** Known while the address is in a class. */
  atom: Atom | undefined
  /** The class that the kernel has for this address; undefined: no rule asks anything about its pod. */
  class: Class | undefined
}

/** What holds for a pod: the pod, node and port predicates, true of all groups in here. */
export interface Signature {
  /** Ascending ids. Changes in place when all groups of the signature change alike. */
  predicates: readonly GroupPredicate[]
  key: string
  readonly groups: Set<Group>
  /** Members of all its groups. */
  addresses: number
  readonly classes: Map<Atom, Class>
}

/** A set of blocks (ascending ids), interned within one sweep: equal sets are one object. */
export interface BlockSet {
  readonly blocks: readonly BlockPredicate[]
  readonly key: string
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
