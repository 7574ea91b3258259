// Verdict tables: what one stage says for local pods with the same policies, in one direction. Class → list, and the list for everybody
// else.
import { addTo, removeFrom, symmetricDifference } from '../../base/collections.ts'
import type { NamedPort } from '../../cluster/objects.ts'
import type { Direction } from '../../policy/types.ts'
import type { Asked, Class, Predicate } from '../model.ts'
import { predicatesOf } from '../peers/classes.ts'
import type { ActivePolicy, Peer } from '../stages/active-policy.ts'
import type { Judgement } from '../stages/judgement.ts'
import { isNothing, listOf, type Lists, type VerdictList } from '../stages/lists.ts'
import { RuleIndex } from '../stages/rule-index.ts'

/** Which policies decide, in the order in which they are asked. */
export type StageName = 'admin' | 'network' | 'baseline'
export const STAGES: readonly StageName[] = ['admin', 'network', 'baseline']

/** What makes the tables of one stage. */
export interface Stage {
  readonly name: StageName
  readonly judge: (rules: RuleIndex, peer: Peer) => Judgement
  /** Policies as their rules are to be asked; a stage without an order takes them as they are. */
  readonly inOrder: (policies: readonly ActivePolicy[]) => readonly ActivePolicy[]
  readonly lists: Lists
}

/** A list and its number in the kernel. */
export interface Row {
  readonly list: VerdictList
  readonly number: number
}

export interface VerdictTable {
  readonly key: string
  readonly stage: StageName
  readonly direction: Direction
  /** Ascending ids. */
  readonly policies: readonly ActivePolicy[]
  readonly rules: RuleIndex
  /** For ingress: the named ports of the pods themselves that the rules use. */
  readonly local: readonly NamedPort[] | undefined
  /** For peers of no class, and for classes without a row; undefined: the kernel needs no element for it. */
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
  readonly #stage: Stage
  readonly #byKey = new Map<string, VerdictTable>()
  /** Tables that ask. Named ports are asked by name. */
  readonly #users = new Map<Asked, Set<VerdictTable>>()

  constructor(stage: Stage) {
    this.#stage = stage
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
    const local = direction === 'ingress' ? relevantPorts(policies, pod.ports) : undefined
    const key = JSON.stringify([direction, policies.map(({ id }) => id), local])
    const known = this.#byKey.get(key)
    if (known !== undefined) {
      known.pods++
      return known
    }
    const table = this.#make(key, direction, policies, local)
    this.#fill(table, pod.previous, classesHaving)
    return table
  }

  release(table: VerdictTable): void {
    if (--table.pods > 0) return
    this.#byKey.delete(table.key)
    for (const asked of askedOf(table)) removeFrom(this.#users, asked, table)
    for (const { list } of table.rows.values()) this.#stage.lists.release(list)
    if (table.byDefault !== undefined) this.#stage.lists.release(table.byDefault.list)
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
      this.#stage.lists.release(row.list)
      changed(table, peerClass, undefined)
    }
  }

  #make(key: string, direction: Direction, policies: readonly ActivePolicy[], local: readonly NamedPort[] | undefined): VerdictTable {
    const rules = new RuleIndex(this.#stage.inOrder(policies).flatMap((policy) => policy.rules[direction] ?? []))
    const list = listOf(direction, this.#stage.judge(rules, { holds: [], local }))
    const byDefault = isNothing(list) ? undefined : { list, number: this.#stage.lists.use(list) }
    const { name: stage } = this.#stage
    const table: VerdictTable = { key, stage, direction, policies, rules, local, byDefault, rows: new Map(), memo: new Map(), pods: 1 }
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
      this.#stage.lists.use(row.list)
      to.rows.set(peerClass, row)
    }
  }

  #refreshRow(table: VerdictTable, peerClass: Class, changed: RowChange): void {
    const list = this.#judge(table, peerClass)
    const before = table.rows.get(peerClass)
    if (list?.key === before?.list.key) return
    const row = list === undefined ? undefined : { list, number: this.#stage.lists.use(list) }
    if (row === undefined) table.rows.delete(peerClass)
    else table.rows.set(peerClass, row)
    changed(table, peerClass, row)
    if (before !== undefined) this.#stage.lists.release(before.list)
  }

  /** @returns the list for the class; undefined: as by default */
  #judge(table: VerdictTable, peerClass: Class): VerdictList | undefined {
    const holds = predicatesOf(peerClass).filter((predicate) => this.#usersOf(predicate).has(table))
    const key = holds.map(({ id }) => id).join()
    if (table.memo.has(key)) return table.memo.get(key)
    const list = listOf(table.direction, this.#stage.judge(table.rules, { holds, local: table.local }))
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

function askedOf({ policies, direction }: VerdictTable): Asked[] {
  return policies.flatMap(({ asked }) => asked[direction])
}

/** Policies that only one of the two has. */
function differenceOf(a: VerdictTable, b: VerdictTable): ActivePolicy[] {
  return symmetricDifference(a.policies, b.policies)
}

/** Whether rows of classes that only common policies ask about are the same. */
function rowsAreShared(a: VerdictTable, b: VerdictTable): boolean {
  if (a.byDefault?.list.key !== b.byDefault?.list.key || JSON.stringify(a.local) !== JSON.stringify(b.local)) return false
  if (a.stage === 'network') return true
  // In a tier, a rule about any peer may come before the rules about a class, or behind them, as its policy's priority changes.
  return differenceOf(a, b).every(({ rules }) => (rules[a.direction] ?? []).every(({ peers }) => peers !== 'any'))
}

/** The pod's ports whose names the policies use: pods that differ in others share a table. */
function relevantPorts(policies: readonly ActivePolicy[], ports: readonly NamedPort[]): NamedPort[] {
  const names = new Set(policies.flatMap(({ localNames }) => localNames).map(({ name, protocol }) => `${protocol} ${name}`))
  return names.size === 0 ? [] : ports.filter(({ name, protocol }) => names.has(`${protocol} ${name}`))
}
