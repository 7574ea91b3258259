// Verdict tables: what local pods with the same policies let through in one direction. Class → list, and the list for everybody else.
import { addTo, removeFrom, symmetricDifference } from '../../base/collections.ts'
import type { NamedPort } from '../../cluster/objects.ts'
import type { Direction, Tier } from '../../policy/types.ts'
import type { Asked, Class, Predicate } from '../model.ts'
import { predicatesOf } from '../peers/classes.ts'
import { type ActivePolicy, type ActiveRule, type Peer } from '../stages/active-policy.ts'
import { fold, type Judgement, SILENT } from '../stages/judgement.ts'
import { isNothing, listOf, type Lists, type VerdictList } from '../stages/lists.ts'
import { networkPolicyStage } from '../stages/network-policy.ts'
import { inOrder, tierStage } from '../stages/tier.ts'

/** A list and its number in the kernel. */
export interface Row {
  readonly list: VerdictList
  readonly number: number
}

/** Rules by the stage that asks them, those of a tier in order. */
interface StageRules {
  readonly admin: readonly ActiveRule[]
  /** undefined: no NetworkPolicy isolates. */
  readonly network: readonly ActiveRule[] | undefined
  readonly baseline: readonly ActiveRule[]
}

export interface VerdictTable {
  readonly key: string
  readonly direction: Direction
  /** Ascending ids. */
  readonly policies: readonly ActivePolicy[]
  readonly rules: StageRules
  /** Tiers of which there are policies. */
  readonly tiers: readonly Tier[]
  readonly isIsolated: boolean
  /** For ingress: the named ports of the pods themselves that the rules use. */
  readonly local: readonly NamedPort[] | undefined
  /** For peers of no class, and for classes without a row; undefined: isolated, and nothing is allowed. */
  readonly byDefault: Row | undefined
  /** Classes that are judged otherwise than by default. */
  readonly rows: Map<Class, Row>
  /** Lists by the predicates that matter here; undefined: as by default. */
  readonly memo: Map<string, VerdictList | undefined>
  /** Local pods that have it. */
  pods: number
}

/** A change of one row, for all pods of the table. */
export type RowChange = (table: VerdictTable, peerClass: Class, row: Row | undefined) => void

export class VerdictTables {
  readonly #lists: Lists
  readonly #byKey = new Map<string, VerdictTable>()
  /** Tables that ask. Named ports are asked by name. */
  readonly #users = new Map<Asked, Set<VerdictTable>>()

  constructor(lists: Lists) {
    this.#lists = lists
  }

  get size(): number {
    return this.#byKey.size
  }

  /**
   * Returns the table of these policies, held until `release`.
   * @param policies those that have rules for the direction, by ascending ids
   * @param pod its ports, and the table that it had: rows that cannot differ are taken from there
   * @param classesHaving classes that something asked for holds of
   */
  hold(
    direction: Direction,
    policies: readonly ActivePolicy[],
    pod: { readonly ports: readonly NamedPort[]; readonly previous: VerdictTable | undefined },
    classesHaving: (asked: Asked) => Iterable<Class>,
  ): VerdictTable {
    const asked = withoutUnasked(policies)
    const local = direction === 'ingress' ? relevantPorts(asked, pod.ports) : undefined
    const key = JSON.stringify([direction, asked.map(({ id }) => id), local])
    const known = this.#byKey.get(key)
    if (known !== undefined) {
      known.pods++
      return known
    }
    const table = this.#make(key, direction, asked, local)
    this.#fill(table, pod.previous, classesHaving)
    return table
  }

  release(table: VerdictTable): void {
    if (--table.pods > 0) return
    this.#byKey.delete(table.key)
    for (const asked of askedOf(table)) removeFrom(this.#users, asked, table)
    for (const { list } of table.rows.values()) this.#lists.release(list)
    if (table.byDefault !== undefined) this.#lists.release(table.byDefault.list)
  }

  /** Judges a class again in tables that ask one of these predicates. */
  refresh(peerClass: Class, predicates: readonly Predicate[], changed: RowChange): void {
    const concerned = new Set<VerdictTable>()
    for (const predicate of predicates) for (const table of this.#usersOf(predicate)) concerned.add(table)
    for (const table of concerned) this.#refreshRow(table, peerClass, changed)
  }

  /** Drops the rows of a class that is gone. */
  forget(peerClass: Class, changed: RowChange): void {
    for (const table of this.#byKey.values()) {
      const row = table.rows.get(peerClass)
      if (row === undefined) continue
      table.rows.delete(peerClass)
      this.#lists.release(row.list)
      changed(table, peerClass, undefined)
    }
  }

  #make(key: string, direction: Direction, policies: readonly ActivePolicy[], local: readonly NamedPort[] | undefined): VerdictTable {
    const rules = rulesOf(direction, policies)
    const list = listOf(direction, judge(rules, { holds: NOTHING_HOLDS, local }))
    const byDefault = isNothing(list) ? undefined : { list, number: this.#lists.use(list) }
    const tiers = (['Admin', 'Baseline'] as const).filter((tier) => policies.some((policy) => policy.tier === tier))
    const table: VerdictTable = {
      key, direction, policies, rules, tiers, isIsolated: rules.network !== undefined, local, byDefault, rows: new Map(), memo: new Map(), pods: 1,
    }
    this.#byKey.set(key, table)
    for (const asked of askedOf(table)) addTo(this.#users, asked, table)
    return table
  }

  #fill(table: VerdictTable, previous: VerdictTable | undefined, classesHaving: (asked: Asked) => Iterable<Class>): void {
    const isAlike = previous !== undefined && rowsAreShared(table, previous)
    const asked = isAlike ? differenceOf(table, previous).flatMap((policy) => policy.asked[table.direction]) : askedOf(table)
    const classes = new Set(asked.flatMap((each) => [...classesHaving(each)]))
    if (isAlike) this.#copyRows(previous, table, classes)
    for (const peerClass of classes) this.#refreshRow(table, peerClass, () => undefined)
  }

  #copyRows(from: VerdictTable, to: VerdictTable, except: ReadonlySet<Class>): void {
    for (const [peerClass, row] of from.rows) {
      if (except.has(peerClass)) continue
      this.#lists.use(row.list)
      to.rows.set(peerClass, row)
    }
  }

  #refreshRow(table: VerdictTable, peerClass: Class, changed: RowChange): void {
    const list = this.#judge(table, peerClass)
    const before = table.rows.get(peerClass)
    if (list?.key === before?.list.key) return
    const row = list === undefined ? undefined : { list, number: this.#lists.use(list) }
    if (row === undefined) table.rows.delete(peerClass)
    else table.rows.set(peerClass, row)
    changed(table, peerClass, row)
    if (before !== undefined) this.#lists.release(before.list)
  }

  /** @returns the list for the class; undefined: as by default */
  #judge(table: VerdictTable, peerClass: Class): VerdictList | undefined {
    const holds = predicatesOf(peerClass).filter((predicate) => this.#usersOf(predicate).has(table))
    const key = holds.map(({ id }) => id).join()
    if (table.memo.has(key)) return table.memo.get(key)
    const list = listOf(table.direction, judge(table.rules, { holds: new Set(holds), local: table.local }))
    const isDefault = table.byDefault === undefined ? isNothing(list) : list.key === table.byDefault.list.key
    if (table.memo.size >= LARGEST_MEMO) table.memo.clear()
    table.memo.set(key, isDefault ? undefined : list)
    return isDefault ? undefined : list
  }

  #usersOf(predicate: Predicate): ReadonlySet<VerdictTable> {
    return this.#users.get(predicate.kind === 'port' ? predicate.name : predicate) ?? NO_TABLES
  }
}

/** Classes come and go for as long as the agent runs. */
const LARGEST_MEMO = 10_000
const NO_TABLES: ReadonlySet<VerdictTable> = new Set()
const NOTHING_HOLDS: ReadonlySet<Predicate> = new Set()

/** The stages one after the other: Admin, NetworkPolicies if they isolate, else Baseline. */
function judge({ admin, network, baseline }: StageRules, peer: Peer): Judgement {
  const first = admin.length === 0 ? SILENT : tierStage('Admin', admin, peer)
  if (network !== undefined) return fold([first, networkPolicyStage(network, peer)])
  return fold([first, tierStage('Baseline', baseline, peer)])
}

function rulesOf(direction: Direction, policies: readonly ActivePolicy[]): StageRules {
  const rules = (some: readonly ActivePolicy[]): ActiveRule[] => some.flatMap((policy) => policy.rules[direction] ?? [])
  const ofTier = (tier: Tier): ActiveRule[] => rules(inOrder(policies.filter((policy) => policy.tier === tier)))
  const isolating = policies.filter(({ tier }) => tier === undefined)
  return { admin: ofTier('Admin'), network: isolating.length === 0 ? undefined : rules(isolating), baseline: ofTier('Baseline') }
}

/** Where NetworkPolicies isolate, Baseline is not asked. */
function withoutUnasked(policies: readonly ActivePolicy[]): readonly ActivePolicy[] {
  return policies.some(({ tier }) => tier === undefined) ? policies.filter(({ tier }) => tier !== 'Baseline') : policies
}

function askedOf({ policies, direction }: VerdictTable): Asked[] {
  return policies.flatMap(({ asked }) => asked[direction])
}

/** Policies that only one of the two has. */
function differenceOf(a: VerdictTable, b: VerdictTable): ActivePolicy[] {
  return symmetricDifference(a.policies, b.policies)
}

/** Whether rows of classes that only common policies ask about are the same. */
function rowsAreShared(a: VerdictTable, b: VerdictTable): boolean {
  if (a.isIsolated !== b.isIsolated || JSON.stringify(a.local) !== JSON.stringify(b.local)) return false
  if (a.byDefault?.list.key !== b.byDefault?.list.key) return false
  if (a.tiers.length + b.tiers.length === 0) return true
  // With tiers, a rule about any peer may decide for a class (after a Pass) although it does not by default.
  return differenceOf(a, b).every(({ rules }) => (rules[a.direction] ?? []).every(({ peers }) => peers !== 'any'))
}

/** The pod's ports whose names the policies use: pods that differ in others share a table. */
function relevantPorts(policies: readonly ActivePolicy[], ports: readonly NamedPort[]): NamedPort[] {
  const names = new Set(policies.flatMap(({ localNames }) => localNames).map(({ name, protocol }) => `${protocol} ${name}`))
  return names.size === 0 ? [] : ports.filter(({ name, protocol }) => names.has(`${protocol} ${name}`))
}
