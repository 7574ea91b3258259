// Profiles: what local pods with the same policies let through in one direction. Class → permission, and a default.
import { addTo, removeFrom, symmetricDifference } from '../../base/collections.ts'
import type { NamedPort } from '../../cluster/objects.ts'
import type { Direction } from '../../policy/types.ts'
import { predicatesOf } from '../peers/classes.ts'
import { type PermissionContent, permissionOf, type Permissions } from '../stages/permissions.ts'
import type { Asked, Predicate } from '../peers/predicates.ts'
import { type ActivePolicy, type ActiveRule, grants } from '../stages/rules.ts'
import type { Class } from '../model.ts'

export interface Row {
  readonly content: PermissionContent
  readonly id: number
}

export interface Profile {
  readonly key: string
  readonly direction: Direction
  /** Ascending ids. */
  readonly policies: readonly ActivePolicy[]
  /** Those of the policies. */
  readonly rules: readonly ActiveRule[]
  /** For ingress: the named ports of the pods themselves that the rules use. */
  readonly local: readonly NamedPort[] | undefined
  /** What anybody may; undefined: nothing. */
  readonly byDefault: Row | undefined
  /** Classes that may more than the default. */
  readonly rows: Map<Class, Row>
  /** Permission by the predicates that matter here. */
  readonly memo: Map<string, PermissionContent | undefined>
  /** Local pods that have it. */
  pods: number
}

/** A change of one row, for all pods of the profile. */
export type RowChange = (profile: Profile, one: Class, row: Row | undefined) => void

export class Profiles {
  readonly #permissions: Permissions
  readonly #byKey = new Map<string, Profile>()
  /** Who asks. Named ports are asked by name. */
  readonly #users = new Map<Asked, Set<Profile>>()

  constructor(permissions: Permissions) {
    this.#permissions = permissions
  }

  get size(): number {
    return this.#byKey.size
  }

  /**
   * The profile of these policies, held until `release`.
   * @param classesHaving classes that something asked for holds of
   * @param like a profile the pod had: rows that cannot differ are taken from there
   */
  hold(
    direction: Direction,
    policies: readonly ActivePolicy[],
    pod: { readonly ports: readonly NamedPort[]; readonly like: Profile | undefined },
    classesHaving: (asked: Asked) => Iterable<Class>,
  ): Profile {
    const local = direction === 'ingress' ? relevantPorts(policies, pod.ports) : undefined
    const key = JSON.stringify([direction, policies.map(({ id }) => id), local])
    const known = this.#byKey.get(key)
    if (known !== undefined) {
      known.pods++
      return known
    }
    const profile = this.#make(key, direction, policies, local)
    this.#fill(profile, pod.like, classesHaving)
    return profile
  }

  release(profile: Profile): void {
    if (--profile.pods > 0) return
    this.#byKey.delete(profile.key)
    for (const asked of askedOf(profile)) removeFrom(this.#users, asked, profile)
    for (const { content } of profile.rows.values()) this.#permissions.release(content)
    if (profile.byDefault !== undefined) this.#permissions.release(profile.byDefault.content)
  }

  /** Evaluates a class anew where one of these predicates is asked. */
  refresh(one: Class, predicates: readonly Predicate[], changed: RowChange): void {
    const concerned = new Set<Profile>()
    for (const predicate of predicates) for (const profile of this.#usersOf(predicate)) concerned.add(profile)
    for (const profile of concerned) this.#refreshRow(profile, one, changed)
  }

  /** Drops the rows of a class that is gone. */
  forget(one: Class, changed: RowChange): void {
    for (const profile of this.#byKey.values()) {
      const row = profile.rows.get(one)
      if (row === undefined) continue
      profile.rows.delete(one)
      this.#permissions.release(row.content)
      changed(profile, one, undefined)
    }
  }

  #make(key: string, direction: Direction, policies: readonly ActivePolicy[], local: readonly NamedPort[] | undefined): Profile {
    const rules = policies.flatMap((policy) => policy.rules[direction] ?? [])
    const content = permissionOf(direction, grants(rules, new Set(), local))
    const byDefault = content === undefined ? undefined : { content, id: this.#permissions.use(content) }
    const profile: Profile = { key, direction, policies, rules, local, byDefault, rows: new Map(), memo: new Map(), pods: 1 }
    this.#byKey.set(key, profile)
    for (const asked of askedOf(profile)) addTo(this.#users, asked, profile)
    return profile
  }

  #fill(profile: Profile, like: Profile | undefined, classesHaving: (asked: Asked) => Iterable<Class>): void {
    const alike = like !== undefined && isAlike(profile, like)
    const asked = alike ? differenceOf(profile, like) : askedOf(profile)
    const classes = new Set(asked.flatMap((one) => [...classesHaving(one)]))
    if (alike) this.#copyRows(like, profile, classes)
    for (const one of classes) this.#refreshRow(profile, one, () => undefined)
  }

  #copyRows(from: Profile, to: Profile, except: ReadonlySet<Class>): void {
    for (const [one, row] of from.rows) {
      if (except.has(one)) continue
      this.#permissions.use(row.content)
      to.rows.set(one, row)
    }
  }

  #refreshRow(profile: Profile, one: Class, changed: RowChange): void {
    const content = this.#evaluate(profile, one)
    const before = profile.rows.get(one)
    if (content?.key === before?.content.key) return
    const row = content === undefined ? undefined : { content, id: this.#permissions.use(content) }
    if (row === undefined) profile.rows.delete(one)
    else profile.rows.set(one, row)
    changed(profile, one, row)
    if (before !== undefined) this.#permissions.release(before.content)
  }

  /** What the class may; undefined: no more than anybody. */
  #evaluate(profile: Profile, one: Class): PermissionContent | undefined {
    const holds = predicatesOf(one).filter((predicate) => this.#usersOf(predicate).has(profile))
    const key = holds.map(({ id }) => id).join()
    if (profile.memo.has(key)) return profile.memo.get(key)
    const content = permissionOf(profile.direction, grants(profile.rules, new Set(holds), profile.local))
    const more = content?.key === profile.byDefault?.content.key ? undefined : content
    if (profile.memo.size >= LARGEST_MEMO) profile.memo.clear()
    profile.memo.set(key, more)
    return more
  }

  #usersOf(predicate: Predicate): ReadonlySet<Profile> {
    return this.#users.get(predicate.kind === 'port' ? predicate.name : predicate) ?? NOBODY
  }
}

/** Classes come and go for as long as the agent runs. */
const LARGEST_MEMO = 10_000
const NOBODY: ReadonlySet<Profile> = new Set()

function askedOf({ policies, direction }: Profile): Asked[] {
  return policies.flatMap(({ asked }) => asked[direction])
}

/** What is asked by policies that only one of the two has. */
function differenceOf(a: Profile, b: Profile): Asked[] {
  return symmetricDifference(a.policies, b.policies).flatMap(({ asked }) => asked[a.direction])
}

/** Rows of classes that only common policies ask about are the same. */
function isAlike(a: Profile, b: Profile): boolean {
  return a.byDefault?.content.key === b.byDefault?.content.key && JSON.stringify(a.local) === JSON.stringify(b.local)
}

/** The pod's ports whose names the policies use: pods that differ in others share a profile. */
function relevantPorts(policies: readonly ActivePolicy[], ports: readonly NamedPort[]): NamedPort[] {
  const names = new Set(policies.flatMap(({ localNames }) => localNames).map(({ name, protocol }) => `${protocol} ${name}`))
  return names.size === 0 ? [] : ports.filter(({ name, protocol }) => names.has(`${protocol} ${name}`))
}
