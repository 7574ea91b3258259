// Atoms: sets of CIDR blocks that hold. They partition the address space of one family; see repartition.ts for how they change.
import { addTo, symmetricDifference } from '../collections.ts'
import { type Address, type AddressRange, predecessor, successor } from '../cluster/address.ts'
import { AddressIndex } from './address-index.ts'
import type { Class } from './classes.ts'
import type { Member } from './members.ts'
import type { BlockPredicate } from './predicates.ts'
import { assign, type Part } from './repartition.ts'
import { type BlockSet, type Piece, sweep } from './sweep.ts'

export interface Atom {
  /** Changes in place when all addresses of the atom change alike. */
  set: BlockSet
  readonly classes: Set<Class>
}

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

const NO_BLOCKS: BlockSet = { blocks: [], key: '' }

export class Atoms {
  /** Of addresses in no block; shared by both families. */
  readonly empty: Atom
  /** Ascending; where no block holds there is none. */
  intervals: readonly Interval[] = []
  readonly members = new AddressIndex()
  readonly #blocks = new Set<BlockPredicate>()
  readonly #having = new Map<BlockPredicate, Set<Atom>>()

  constructor(empty: Atom) {
    this.empty = empty
  }

  having(block: BlockPredicate): Iterable<Atom> {
    return this.#having.get(block) ?? []
  }

  of(address: Address): Atom {
    let low = 0
    let high = this.intervals.length - 1
    while (low <= high) {
      const middle = (low + high) >> 1
      const interval = this.intervals[middle]
      if (interval === undefined) break
      if (address < interval.first) high = middle - 1
      else if (address > interval.last) low = middle + 1
      else return interval.atom
    }
    return this.empty
  }

  repartition(added: readonly BlockPredicate[], removed: readonly BlockPredicate[]): AtomChanges {
    for (const block of added) this.#blocks.add(block)
    for (const block of removed) this.#blocks.delete(block)
    const pieces = sweep(this.#blocks)
    const overlays = this.#weighed(overlay(this.intervals, pieces, this.empty))
    const atoms = assign(overlays, new Map([['', this.empty]]))
    const renamed = rename(overlays, atoms)
    for (const { set } of pieces) if (!atoms.has(set.key)) atoms.set(set.key, { set, classes: new Set() })
    const atomOf = (set: BlockSet) => atoms.get(set.key) ?? this.empty
    this.intervals = pieces.map(({ first, last, set }) => ({ first, last, atom: atomOf(set) }))
    this.#index()
    const moved = overlays.flatMap(({ first, last, from, set }) => (atomOf(set) === from ? [] : this.members.within({ first, last })))
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
    for (const atom of new Set(this.intervals.map(({ atom }) => atom))) {
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
function overlay(intervals: readonly Interval[], pieces: readonly Piece[], empty: Atom): Overlay[] {
  const overlays: Overlay[] = []
  let [i, p] = [0, 0]
  let at: Address | undefined
  while (i < intervals.length || p < pieces.length) {
    const interval = intervals[i]
    const piece = pieces[p]
    const first: Address = startOf(interval, piece, at)
    const { atom: from } = reached(interval, first) ?? { atom: empty }
    const { set } = reached(piece, first) ?? { set: NO_BLOCKS }
    const last = endOf(first, interval, piece)
    overlays.push({ first, last, from, set, key: set.key, weight: 0 })
    if (endsAt(interval, last)) i++
    if (endsAt(piece, last)) p++
    at = successor(last)
  }
  return overlays
}

function reached<T extends AddressRange>(range: T | undefined, at: Address): T | undefined {
  return range !== undefined && range.first <= at ? range : undefined
}

function endsAt(range: AddressRange | undefined, last: Address): boolean {
  return range?.last === last
}

/** Where the next overlay begins: at `at` if something holds there, else where something begins. */
function startOf(interval: AddressRange | undefined, piece: AddressRange | undefined, at: Address | undefined): Address {
  const starts = [interval, piece].flatMap((range) => (range === undefined ? [] : [at !== undefined && range.first < at ? at : range.first]))
  return starts.reduce((a, b) => (a < b ? a : b))
}

/** Where it ends: with whatever ends, or just before whatever begins. */
function endOf(first: Address, interval: AddressRange | undefined, piece: AddressRange | undefined): Address {
  const ends = [interval, piece].flatMap((range) => {
    if (range === undefined) return []
    return range.first <= first ? [range.last] : [predecessor(range.first) ?? range.last]
  })
  return ends.reduce((a, b) => (a < b ? a : b))
}
