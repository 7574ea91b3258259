// Atoms: sets of CIDR blocks that hold. They partition the address space of one family; see repartition.ts for how they change.
import { addTo, getOrAdd, symmetricDifference } from '../../base/collections.ts'
import type { Address, AddressRange, Family } from '../../cluster/address.ts'
import type { Atom, BlockPredicate, BlockSet, Class, Member } from '../model.ts'
import type { AddressIndex } from './address-index.ts'
import { assign, type Part } from './repartition.ts'
import { type Piece, sweep } from './sweep.ts'

/** A piece of the address space that lies in one atom. */
export interface Interval extends AddressRange {
  readonly atom: Atom
}

export interface AtomChanges {
  /** Members whose `atom` is another one now. */
  readonly moved: readonly Member[]
  readonly renamed: readonly { readonly atom: Atom; readonly difference: readonly BlockPredicate[] }[]
}

/** A range that was in one atom and has one set of blocks now. */
interface Overlay extends AddressRange, Part<Atom> {
  readonly set: BlockSet
}

export class Atoms {
  readonly members: AddressIndex
  readonly #family: Family
  readonly #blocks = new Set<BlockPredicate>()
  readonly #having = new Map<BlockPredicate, Set<Atom>>()
  #intervals: readonly Interval[]

  /** @param members of the family; those in a class follow their atoms */
  constructor(family: Family, members: AddressIndex) {
    this.#family = family
    this.members = members
    this.#intervals = sweep(family, []).map(({ first, last, set }) => ({ first, last, atom: { set, classes: new Set() } }))
  }

  /** Ascending; they cover the whole family. */
  get intervals(): readonly Interval[] {
    return this.#intervals
  }

  having(block: BlockPredicate): Iterable<Atom> {
    return this.#having.get(block) ?? []
  }

  of(address: Address): Atom {
    let low = 0
    let high = this.#intervals.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (address < (this.#intervals[middle]?.first ?? '')) high = middle - 1
      else low = middle
    }
    const interval = this.#intervals[low]
    if (interval === undefined) throw new RangeError('intervals cover the whole family')
    return interval.atom
  }

  repartition(added: readonly BlockPredicate[], removed: readonly BlockPredicate[]): AtomChanges {
    for (const block of added) this.#blocks.add(block)
    for (const block of removed) this.#blocks.delete(block)
    const pieces = sweep(this.#family, this.#blocks)
    const overlays = this.#weighed(overlay(this.#intervals, pieces))
    const atoms = assign(overlays, new Map<string, Atom>())
    const renamed = rename(overlays, atoms)
    const atomOf = (set: BlockSet) => getOrAdd(atoms, set.key, () => ({ set, classes: new Set<Class>() }))
    this.#intervals = pieces.map(({ first, last, set }) => ({ first, last, atom: atomOf(set) }))
    this.#index()
    const moved = overlays.flatMap((part) => (atomOf(part.set) === part.from ? [] : this.members.within(part)))
    for (const member of moved) member.atom = this.of(member.address)
    return { moved, renamed }
  }

  #weighed(overlays: readonly Overlay[]): Overlay[] {
    const changing = new Set(overlays.filter(({ from, key }) => from.set.key !== key).flatMap(({ from, key }) => [from.set.key, key]))
    const total = new Map<string, number>() // an atom may lie in many places
    const place = ({ from, key }: Overlay) => `${from.set.key}>${key}`
    for (const part of overlays) {
      if (changing.has(part.from.set.key)) total.set(place(part), (total.get(place(part)) ?? 0) + 1 + this.members.count(part))
    }
    return overlays.map((part) => ({ ...part, weight: total.get(place(part)) ?? 0 }))
  }

  #index(): void {
    this.#having.clear()
    for (const atom of new Set(this.#intervals.map(({ atom }) => atom))) {
      for (const block of atom.set.blocks) addTo(this.#having, block, atom)
    }
  }
}

function rename(overlays: readonly Overlay[], atoms: ReadonlyMap<string, Atom>): { atom: Atom; difference: BlockPredicate[] }[] {
  const renamed = new Map<Atom, { atom: Atom; difference: BlockPredicate[] }>()
  for (const { from, set } of overlays) {
    if (atoms.get(set.key) !== from || set.key === from.set.key || renamed.has(from)) continue
    renamed.set(from, { atom: from, difference: symmetricDifference(from.set.blocks, set.blocks) })
    from.set = set
  }
  return [...renamed.values()]
}

/** Both partitions laid over each other: every range that has one old atom and one new set, in order. */
function overlay(intervals: readonly Interval[], pieces: readonly Piece[]): Overlay[] {
  const overlays: Overlay[] = []
  let [i, p] = [0, 0]
  for (;;) {
    const [interval, piece] = [intervals[i], pieces[p]]
    if (interval === undefined || piece === undefined) return overlays
    const first = interval.first > piece.first ? interval.first : piece.first
    const last = interval.last < piece.last ? interval.last : piece.last
    overlays.push({ first, last, from: interval.atom, set: piece.set, key: piece.set.key, weight: 0 })
    if (interval.last === last) i++
    if (piece.last === last) p++
  }
}
