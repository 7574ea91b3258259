// Classes: addresses that no active rule can tell apart. A class is a signature (what holds for the pod) and an atom (which
// CIDR blocks hold for the address); the kernel knows it by a number.
import { type Family, familyOf } from '../../cluster/address.ts'
import type { AddressBook } from '../addresses/address-book.ts'
import { Atoms } from '../addresses/atoms.ts'
import type { IdPool } from '../ids.ts'
import { addressKey, rangeKey } from '../../nftables/keys.ts'
import type { Atom, Class, Member, Predicate, Signature } from '../model.ts'
import type { ContentStore } from '../store.ts'
import type { Key } from '../../nftables/content.ts'

/** Everything that holds for the members of a class. */
export function predicatesOf({ signature, atom }: Class): Predicate[] {
  return [...signature.predicates, ...atom.set.blocks]
}

/** All classes, and the elements that lead to them (class4, class6, cidr4, cidr6). */
export class Classes {
  readonly atoms: Readonly<Record<Family, Atoms>>
  readonly #store: ContentStore
  readonly #sets: '' | 'tier_'
  readonly #emptySignature: Signature
  readonly #ids: IdPool
  readonly #cidrs: Record<Family, Map<Key, Class>> = { 4: new Map(), 6: new Map() }
  readonly #created = new Set<Class>()
  readonly #idle = new Set<Class>()
  #size = 0

  /** @param options `sets`: whose maps lead to these classes, those of NetworkPolicies or of ClusterNetworkPolicies */
  constructor(store: ContentStore, book: AddressBook, emptySignature: Signature, { sets, ids }: { readonly sets: '' | 'tier_'; readonly ids: IdPool }) {
    this.#sets = sets
    this.#ids = ids
    this.atoms = { 4: new Atoms(4, book.of(4)), 6: new Atoms(6, book.of(6)) }
    this.#store = store
    this.#emptySignature = emptySignature
  }

  get size(): number {
    return this.#size
  }

  /** Puts a member where its group's signature and its address belong. */
  place(member: Member): void {
    const signature = member.group?.signature
    const before = member.class
    if (signature === undefined || signature === this.#emptySignature) {
      if (before !== undefined) this.#remove(member, before)
      return
    }
    const family = familyOf(member.address)
    if (member.atom === undefined) {
      member.atom = this.atoms[family].of(member.address)
      this.atoms[family].members.enteredClass(member)
    }
    const now = this.#of(family, signature, member.atom)
    if (now === before) return
    if (before !== undefined) this.#drop(before)
    member.class = now
    now.elements++
    this.#store.put(`${this.#sets}class${family}`, addressKey(member.address), now.id)
  }

  /** Rewrites the CIDR maps after the atoms of a family changed. */
  placeIntervals(family: Family): void {
    const wanted = new Map<Key, Class>()
    for (const { first, last, atom } of this.atoms[family].intervals) {
      if (atom.set.blocks.length > 0) wanted.set(rangeKey(first, last), this.#of(family, this.#emptySignature, atom))
    }
    for (const [key, now] of wanted) {
      this.#store.put(`${this.#sets}cidr${family}`, key, now.id)
      now.elements++
    }
    for (const [key, before] of this.#cidrs[family]) {
      if (!wanted.has(key)) this.#store.remove(`${this.#sets}cidr${family}`, key)
      this.#drop(before)
    }
    this.#cidrs[family] = wanted
  }

  /** Classes that are new since this was last called. */
  takeCreated(): Class[] {
    const created = [...this.#created]
    this.#created.clear()
    return created
  }

  /** Classes that nothing leads to any more; they are forgotten. */
  takeRemoved(): Class[] {
    const removed = [...this.#idle].filter(({ elements }) => elements === 0)
    this.#idle.clear()
    for (const one of removed) {
      one.signature.classes.delete(one.atom)
      one.atom.classes.delete(one)
      this.#created.delete(one)
      this.#ids.giveBack(one.id)
      this.#size--
    }
    return removed
  }

  #of(family: Family, signature: Signature, atom: Atom): Class {
    const known = signature.classes.get(atom)
    if (known !== undefined) return known
    const made: Class = { id: this.#ids.take(), family, signature, atom, elements: 0 }
    signature.classes.set(atom, made)
    atom.classes.add(made)
    this.#created.add(made)
    this.#size++
    return made
  }

  #remove(member: Member, before: Class): void {
    const family = familyOf(member.address)
    member.class = undefined
    member.atom = undefined
    this.atoms[family].members.leftClass(member)
    this.#store.remove(`${this.#sets}class${family}`, addressKey(member.address))
    this.#drop(before)
  }

  #drop(from: Class): void {
    if (--from.elements === 0) this.#idle.add(from)
  }
}
