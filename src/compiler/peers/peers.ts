// The peers' side of the compiler: pods, groups, signatures, atoms and classes, kept in step with what active rules ask.
import { type Address, familyOf } from '../../cluster/address.ts'
import type { Labels, Pod, PodKey } from '../../cluster/objects.ts'
import type { AddressIndex } from '../addresses/address-index.ts'
import { Classes } from './classes.ts'
import { Matching } from './matching.ts'
import { Groups, join, leave } from './groups.ts'
import { ownerOf } from '../addresses/ownership.ts'
import { type Asked, type BlockPredicate, type GroupPredicate, type PodPredicate, type Predicate, Predicates } from './predicates.ts'
import { Signatures } from './signatures.ts'
import type { ContentStore } from '../store.ts'
import type { Class, Group, Member, PodRecord, Signature } from '../model.ts'

/** A class whose meaning changed in place, and by which predicates. */
export interface Renamed {
  readonly one: Class
  readonly predicates: readonly Predicate[]
}

const FAMILIES = [4, 6] as const

export class Peers {
  readonly predicates = new Predicates()
  readonly pods = new Map<PodKey, PodRecord>()
  readonly groups = new Groups()
  /** Addresses that several pods have the same right to. */
  readonly contested = new Set<Address>()
  readonly classes: Classes
  readonly #signatures = new Signatures()
  readonly #matching = new Matching(this.groups, this.predicates)
  readonly #rematch = new Set<Group>()
  readonly #changedAddresses = new Set<Address>()
  #renamed: Renamed[] = []

  constructor(store: ContentStore) {
    this.classes = new Classes(store, this.#signatures.empty)
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

  claims(address: Address): readonly PodRecord[] {
    const member = this.#addresses(address).get(address)
    return member === undefined ? [] : claimsOn(member)
  }

  /** Brings signatures and atoms in step with everything that is asked now and was not before. */
  ask(): void {
    const added = this.predicates.takeAdded()
    for (const asked of added) {
      if (asked.kind === 'pods') for (const group of this.#matching.addPods(asked)) this.#rematch.add(group)
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
    for (const predicate of gone) if (predicate.kind === 'pods') this.#matching.removePods(predicate)
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

  /** Whether a known namespace is one of those that an asked predicate is about. */
  matchesNamespace(predicate: PodPredicate): boolean {
    return this.#matching.matchesNamespace(predicate)
  }

  takeRenamed(): Renamed[] {
    const renamed = this.#renamed
    this.#renamed = []
    return renamed
  }

  /** Addresses whose claims changed since this was last called. */
  takeChangedAddresses(): Address[] {
    const changed = [...this.#changedAddresses]
    this.#changedAddresses.clear()
    return changed
  }

  #record(pod: Pod): PodRecord {
    if (pod.hostNetwork || pod.faulty) return { pod, group: undefined }
    const group = this.groups.hold(pod, (unsigned) => this.#signatures.of(this.#matching.predicatesOf(unsigned)))
    const isShared = pod.labels === group.labels && pod.ports === group.ports
    return { pod: isShared ? pod : { ...pod, labels: group.labels, ports: group.ports }, group }
  }

  #release(group: Group): void {
    if (!this.groups.release(group)) return
    this.#rematch.delete(group)
    this.#signatures.prune(group.signature)
  }

  #claim(address: Address, before: PodRecord | undefined, now: PodRecord | undefined): void {
    const member = this.#member(address)
    const claims = claimsOn(member).filter((claim) => claim !== before)
    if (now !== undefined && claimed(now).includes(address)) claims.push(now)
    const [first, ...rivals] = claims
    member.claim = first
    member.rivals = rivals.length === 0 ? NO_RIVALS : rivals
    this.#changedAddresses.add(address)
    this.#own(member)
    if (first === undefined) this.#addresses(address).delete(member)
  }

  #member(address: Address): Member {
    const known = this.#addresses(address).get(address)
    if (known !== undefined) return known
    const member = unclaimed(address)
    this.#addresses(address).add(member)
    return member
  }

  #addresses(address: Address): AddressIndex {
    return this.classes.atoms[familyOf(address)].members
  }

  /** Follows the claims: a member belongs to its owner's group. */
  #own(member: Member): void {
    const owner = ownerOf(claimsOn(member))
    if (owner === 'contested') this.contested.add(member.address)
    else this.contested.delete(member.address)
    const group = owner === 'contested' ? undefined : owner?.group
    if (group === member.group) return
    if (member.group !== undefined) leave(member.group, member)
    member.group = group
    if (group !== undefined) join(group, member)
    this.classes.place(member)
  }

  #repartitionGroups(wanted: ReadonlyMap<Group, readonly GroupPredicate[]>): void {
    const { moved, renamed } = this.#signatures.repartition(wanted)
    for (const { signature, difference } of renamed) {
      for (const one of signature.classes.values()) this.#renamed.push({ one, predicates: difference })
    }
    for (const group of moved) for (const member of group.members) this.classes.place(member)
  }

  #repartitionAddresses(added: readonly BlockPredicate[], removed: readonly BlockPredicate[]): void {
    for (const family of FAMILIES) {
      const ofFamily = ({ ranges }: BlockPredicate) => ranges[0] !== undefined && familyOf(ranges[0].first) === family
      const [more, less] = [added.filter(ofFamily), removed.filter(ofFamily)]
      if (more.length + less.length === 0) continue
      const { moved, renamed } = this.classes.atoms[family].repartition(more, less)
      for (const { atom, difference } of renamed) for (const one of atom.classes) this.#renamed.push({ one, predicates: difference })
      for (const member of moved) this.classes.place(member)
      this.classes.placeIntervals(family)
    }
  }
}

/** Nearly all addresses have none: a list of its own for each would be a tenth of all memory. */
const NO_RIVALS: readonly PodRecord[] = []

function unclaimed(address: Address): Member {
  return { address, claim: undefined, rivals: NO_RIVALS, group: undefined, atom: undefined, class: undefined }
}

/** The pods that say the address is theirs. */
function claimsOn({ claim, rivals }: Member): PodRecord[] {
  return claim === undefined ? [] : [claim, ...rivals]
}

function claimed(record: PodRecord | undefined): readonly Address[] {
  return record === undefined || record.pod.hostNetwork ? [] : record.pod.addresses
}
