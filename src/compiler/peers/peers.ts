// The peers' side of the compiler: pods, groups, signatures, atoms and classes, kept in step with what active rules ask.
import { type Address, familyOf } from '../../cluster/address.ts'
import type { ClusterNode, Labels, Pod, PodKey } from '../../cluster/objects.ts'
import { AddressBook } from '../addresses/address-book.ts'
import type { Alike, Asked, BlockPredicate, Class, Group, GroupPredicate, Member, PodRecord, PodSelection, Predicate, Signature } from '../model.ts'
import type { IdPool } from '../ids.ts'
import type { ContentStore } from '../store.ts'
import { Classes } from './classes.ts'
import { Groups, join, leave, NO_POD } from './groups.ts'
import { Matching } from './matching.ts'
import { Nodes } from './nodes.ts'
import { Predicates } from './predicates.ts'
import { Signatures } from './signatures.ts'

/** A class whose meaning changed in place, and by which predicates. */
export interface Renamed {
  readonly peerClass: Class
  readonly predicates: readonly Predicate[]
}

const FAMILIES = [4, 6] as const
const NO_NODES: Alike['nodes'] = []
const NO_POD_GROUP: Alike = { namespace: NO_POD, labels: {}, ports: [], nodes: NO_NODES }

export class Peers {
  readonly predicates = new Predicates()
  readonly pods = new Map<PodKey, PodRecord>()
  readonly groups = new Groups()
  readonly book = new AddressBook()
  readonly classes: Classes
  readonly #nodes = new Nodes()
  /** Groups of addresses that nodes have; each is held by its address. */
  readonly #nodeGroups = new Map<Address, Group>()
  readonly #signatures = new Signatures()
  readonly #matching = new Matching(this.groups, this.predicates)
  readonly #rematch = new Set<Group>()
  #renamed: Renamed[] = []

  /** @param sets see Classes. @param ids of classes */
  constructor(store: ContentStore, sets: '' | 'tier_', ids: IdPool) {
    this.classes = new Classes(store, this.book, this.#signatures.empty, { sets, ids })
  }

  /** @returns the pod's record, undefined when it is gone */
  setPod(key: PodKey, pod: Pod | undefined): PodRecord | undefined {
    const before = this.pods.get(key)
    const now = pod === undefined ? undefined : this.#record(pod)
    if (now === undefined) this.pods.delete(key)
    else this.pods.set(key, now)
    const addresses = new Set([...claimed(before), ...claimed(now)])
    for (const address of addresses) this.#claim(address, before, now)
    if (before?.group !== undefined) this.#release(before.group)
    return now
  }

  setNamespace(name: string, labels: Labels | undefined): void {
    for (const group of this.#matching.setNamespace(name, labels)) this.#rematch.add(group)
  }

  setNode(name: string, node: ClusterNode | undefined): void {
    for (const address of this.#nodes.set(name, node)) this.#own(this.book.member(address))
  }

  /** Brings signatures and atoms in step with everything that is asked now and was not before. */
  ask(): void {
    const added = this.predicates.takeAdded()
    for (const asked of added) {
      if (asked.kind === 'pods') for (const group of this.#matching.addPods(asked)) this.#rematch.add(group)
      if (asked.kind === 'nodes') for (const group of this.#matching.addNodes(asked)) this.#rematch.add(group)
      if (asked.kind === 'name') for (const group of this.#matching.addName(asked)) this.#rematch.add(group)
    }
    const wanted = new Map([...this.#rematch].map((group) => [group, this.#matching.predicatesOf(group)]))
    this.#rematch.clear()
    this.#repartitionGroups(wanted)
    this.#repartitionAddresses(added.filter((asked) => asked.kind === 'block'), [])
  }

  /** Merges what nobody needs to tell apart any more. */
  forget(): void {
    const removed = this.predicates.takeRemoved()
    const gone = new Set(removed.filter((predicate) => predicate.kind !== 'block'))
    for (const predicate of gone) {
      if (predicate.kind === 'pods') this.#matching.removePods(predicate)
      if (predicate.kind === 'nodes') this.#matching.removeNodes(predicate)
    }
    const signatures = new Set([...gone].flatMap((predicate) => [...this.#signatures.having(predicate)]))
    const wanted = new Map<Group, readonly GroupPredicate[]>()
    for (const signature of signatures) {
      const left = signature.predicates.filter((predicate) => !gone.has(predicate))
      for (const group of signature.groups) wanted.set(group, left)
    }
    this.#repartitionGroups(wanted)
    this.#repartitionAddresses([], removed.filter((predicate) => predicate.kind === 'block'))
  }

  *classesHaving(asked: Asked): Iterable<Class> {
    if (asked.kind === 'block') {
      for (const family of FAMILIES) for (const atom of this.classes.atoms[family].having(asked)) yield* atom.classes
      return
    }
    const predicates: Iterable<GroupPredicate> = asked.kind === 'name' ? this.predicates.portsOf(asked) : [asked]
    for (const predicate of predicates) for (const signature of this.#signatures.having(predicate)) yield* signature.classes.values()
  }

  signaturesHaving(predicate: GroupPredicate): Iterable<Signature> {
    return this.#signatures.having(predicate)
  }

  /** Which groups a selection of an asked predicate is about. */
  matching(selection: PodSelection): Iterable<Group> {
    return this.#matching.matching(selection)
  }

  /** Whether there is a namespace of those that a selection of an asked predicate is about. */
  matchesNamespace(selection: PodSelection): boolean {
    return this.#matching.matchesNamespace(selection)
  }

  takeRenamed(): Renamed[] {
    const renamed = this.#renamed
    this.#renamed = []
    return renamed
  }

  #record(pod: Pod): PodRecord {
    if (pod.hostNetwork || pod.faulty) return { pod, group: undefined }
    const { namespace, labels, ports } = pod
    const group = this.#hold({ namespace, labels, ports, nodes: NO_NODES })
    const isShared = labels === group.labels && ports === group.ports
    return { pod: isShared ? pod : { ...pod, labels: group.labels, ports: group.ports }, group }
  }

  #hold(alike: Alike): Group {
    return this.groups.hold(alike, (unsigned) => this.#signatures.of(this.#matching.predicatesOf(unsigned)))
  }

  #release(group: Group): void {
    if (!this.groups.release(group)) return
    this.#rematch.delete(group)
    this.#signatures.prune(group.signature)
  }

  #claim(address: Address, before: PodRecord | undefined, now: PodRecord | undefined): void {
    this.#own(this.book.claim(address, before, now !== undefined && claimed(now).includes(address) ? now : undefined))
  }

  /** Follows claims and nodes: a member belongs to the group of the pod that owns it, or of the nodes that have it, or of both. */
  #own(member: Member): void {
    const owner = this.book.ownerOf(member)
    const ofPod = owner === 'contested' ? undefined : owner?.group
    const before = this.#nodeGroups.get(member.address)
    const group = this.#nodeGroup(member.address, ofPod) ?? ofPod
    if (group !== member.group) this.#join(member, group)
    if (before !== undefined) this.#release(before)
    if (member.claim === undefined && group === undefined) this.book.forget(member)
  }

  #join(member: Member, group: Group | undefined): void {
    if (member.group !== undefined) leave(member.group, member)
    member.group = group
    if (group !== undefined) join(group, member)
    this.classes.place(member)
  }

  /** @returns undefined if no node has the address */
  #nodeGroup(address: Address, ofPod: Group | undefined): Group | undefined {
    const nodes = this.#nodes.at(address)
    if (nodes.length === 0) {
      this.#nodeGroups.delete(address)
      return undefined
    }
    const { namespace, labels, ports } = ofPod ?? NO_POD_GROUP
    const group = this.#hold({ namespace, labels, ports, nodes })
    this.#nodeGroups.set(address, group)
    return group
  }

  #repartitionGroups(wanted: ReadonlyMap<Group, readonly GroupPredicate[]>): void {
    const { moved, renamed } = this.#signatures.repartition(wanted)
    for (const { signature, difference } of renamed) {
      for (const peerClass of signature.classes.values()) this.#renamed.push({ peerClass, predicates: difference })
    }
    for (const group of moved) for (const member of group.members) this.classes.place(member)
  }

  #repartitionAddresses(added: readonly BlockPredicate[], removed: readonly BlockPredicate[]): void {
    for (const family of FAMILIES) {
      const ofFamily = ({ ranges }: BlockPredicate) => ranges[0] !== undefined && familyOf(ranges[0].first) === family
      const [newBlocks, oldBlocks] = [added.filter(ofFamily), removed.filter(ofFamily)]
      if (newBlocks.length + oldBlocks.length === 0) continue
      const { moved, renamed } = this.classes.atoms[family].repartition(newBlocks, oldBlocks)
      for (const { atom, difference } of renamed) for (const peerClass of atom.classes) this.#renamed.push({ peerClass, predicates: difference })
      for (const member of moved) this.classes.place(member)
      this.classes.placeIntervals(family)
    }
  }
}

/** The addresses that a pod says are its own. */
export function claimed(record: PodRecord | undefined): readonly Address[] {
  return record === undefined || record.pod.hostNetwork ? [] : record.pod.addresses
}
