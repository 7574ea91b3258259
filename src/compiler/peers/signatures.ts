// Signatures: sets of pod and port predicates that hold. They partition the groups; see repartition.ts for how they change.
import { addTo, getOrAdd, removeFrom, symmetricDifference } from '../../base/collections.ts'
import type { Group, GroupPredicate, Predicate, Signature } from '../model.ts'
import { assign, type Part } from '../addresses/repartition.ts'

/** What a repartition did: groups to place anew, and signatures whose meaning changed in place, with the difference. */
export interface SignatureChanges {
  readonly moved: readonly Group[]
  readonly renamed: readonly { readonly signature: Signature; readonly difference: readonly Predicate[] }[]
}

/** Groups of one signature that get the same predicates. */
interface Alike {
  readonly predicates: readonly GroupPredicate[]
  readonly groups: Group[]
}

interface GroupPart extends Part<Signature> {
  readonly predicates: readonly GroupPredicate[]
  /** Those that got predicates. */
  readonly groups: readonly Group[]
  /** Whether the others of the signature are of this part, too: they may be many, and mostly stay. */
  readonly hasRest: boolean
}

export class Signatures {
  /** Of groups that no rule asks about: they have no class, the address alone decides. */
  readonly empty = signatureOf([], '')
  readonly #byKey = new Map([['', this.empty]])
  readonly #having = new Map<GroupPredicate, Set<Signature>>()

  get size(): number {
    return this.#byKey.size
  }

  having(predicate: GroupPredicate): Iterable<Signature> {
    return this.#having.get(predicate) ?? []
  }

  /** The signature of these predicates (ascending ids), made where it is missing. */
  of(predicates: readonly GroupPredicate[]): Signature {
    const key = keyOf(predicates)
    const known = this.#byKey.get(key)
    if (known !== undefined) return known
    const signature = signatureOf(predicates, key)
    this.#enter(signature)
    return signature
  }

  /** Forgets a signature that has no group left. */
  prune(signature: Signature): void {
    if (signature.groups.size === 0 && signature !== this.empty) this.#leave(signature)
  }

  /**
   * Gives groups new predicates (ascending ids). Groups of one signature that get the same ones go together; the part with the most
   * addresses keeps the signature object, and with it its classes.
   */
  repartition(wanted: ReadonlyMap<Group, readonly GroupPredicate[]>): SignatureChanges {
    const parts = this.#parts(wanted)
    const keepers = assign(parts, new Map([['', this.empty]]))
    const renamed = this.#rename(parts, keepers)
    const moved: Group[] = []
    for (const part of parts) {
      const target = keepers.get(part.key) ?? this.of(part.predicates)
      if (target === part.from) continue
      for (const group of groupsOf(part, wanted)) {
        move(group, target)
        moved.push(group)
      }
      this.prune(part.from)
    }
    return { moved, renamed }
  }

  /** One part for each old signature and each new key, those included that stay as they are but share either. */
  #parts(wanted: ReadonlyMap<Group, readonly GroupPredicate[]>): GroupPart[] {
    const byFrom = new Map<Signature, Map<string, Alike>>()
    for (const [group, predicates] of wanted) {
      const parts = getOrAdd(byFrom, group.signature, () => new Map<string, Alike>())
      getOrAdd(parts, keyOf(predicates), () => ({ predicates, groups: [] })).groups.push(group)
    }
    for (const parts of [...byFrom.values()]) {
      for (const key of parts.keys()) {
        const holder = this.#byKey.get(key)
        if (holder !== undefined && !byFrom.has(holder)) byFrom.set(holder, new Map())
      }
    }
    return [...byFrom].flatMap(([from, parts]) => partsOf(from, parts))
  }

  #rename(parts: readonly GroupPart[], keepers: ReadonlyMap<string, Signature>): SignatureChanges['renamed'][number][] {
    const renamed = parts.filter((part) => keepers.get(part.key) === part.from && part.key !== part.from.key)
    for (const { from } of renamed) this.#leave(from)
    return renamed.map(({ from, key, predicates }) => {
      const difference = symmetricDifference(from.predicates, predicates)
      from.predicates = predicates
      from.key = key
      this.#enter(from)
      return { signature: from, difference }
    })
  }

  #enter(signature: Signature): void {
    this.#byKey.set(signature.key, signature)
    for (const predicate of signature.predicates) addTo(this.#having, predicate, signature)
  }

  #leave(signature: Signature): void {
    if (this.#byKey.get(signature.key) === signature) this.#byKey.delete(signature.key)
    for (const predicate of signature.predicates) removeFrom(this.#having, predicate, signature)
  }
}

function signatureOf(predicates: readonly GroupPredicate[], key: string): Signature {
  return { predicates, key, groups: new Set(), addresses: 0, classes: new Map() }
}

/** The groups that nobody asked about go with those that keep the key. */
function partsOf(from: Signature, asked: ReadonlyMap<string, Alike>): GroupPart[] {
  const all = [...asked.values()].flatMap(({ groups }) => groups)
  const restWeight = from.addresses - addresses(all)
  const parts = new Map(asked)
  const keepsKey = all.length < from.groups.size || from.groups.size === 0
  if (keepsKey && !parts.has(from.key)) parts.set(from.key, { predicates: from.predicates, groups: [] })
  return [...parts].map(([key, { predicates, groups }]) => {
    const hasRest = key === from.key
    return { from, key, predicates, groups, hasRest, weight: addresses(groups) + (hasRest ? restWeight : 0) }
  })
}

function groupsOf({ from, groups, hasRest }: GroupPart, asked: ReadonlyMap<Group, unknown>): readonly Group[] {
  return hasRest ? [...groups, ...[...from.groups].filter((group) => !asked.has(group))] : groups
}

function addresses(groups: readonly Group[]): number {
  return groups.reduce((sum, { members }) => sum + members.size, 0)
}

function move(group: Group, to: Signature): void {
  const { signature: from, members } = group
  from.groups.delete(group)
  from.addresses -= members.size
  to.groups.add(group)
  to.addresses += members.size
  group.signature = to
}

function keyOf(predicates: readonly GroupPredicate[]): string {
  return predicates.map(({ id }) => id).join()
}
