// The elements of local addresses: how each is judged, by which verdict tables, and which counters have its denials.
import { addTo, getOrAdd, removeFrom } from '../../base/collections.ts'
import { type Address, familyOf } from '../../cluster/address.ts'
import type { PodKey } from '../../cluster/objects.ts'
import type { Key, Value } from '../../nftables/content.ts'
import { addressKey, pairKey, selfKey } from '../../nftables/keys.ts'
import { TIERS } from '../../nftables/numbers.ts'
import type { SetName } from '../../nftables/schema.ts'
import { type Direction, DIRECTIONS } from '../../policy/types.ts'
import type { DeniedBy } from '../../policy/verdict.ts'
import { type CounterMeaning, counterName, SHORT } from '../counter-names.ts'
import type { Class } from '../model.ts'
import type { ContentStore } from '../store.ts'
import { type Row, type StageName, STAGES, type VerdictTable } from './verdict-tables.ts'

/** The table of each stage that has a say in one direction. */
export type Tables = Readonly<Record<StageName, VerdictTable | undefined>>

/** How one direction of an address is judged. 'nothing': isolated, and nothing is allowed (fail closed). */
export type Side = Tables | 'nothing' | undefined

export interface Enforced {
  /** Names the counters of denials. */
  readonly pod: PodKey
  readonly ingress: Side
  readonly egress: Side
}

type Difference = readonly [Class, Row | undefined][]

/** Stages as names of what denies. */
const DENIED_BY: Readonly<Record<StageName, DeniedBy>> = { admin: 'admin', network: 'isolation', baseline: 'baseline' }

export class Elements {
  readonly #store: ContentStore
  readonly #byAddress = new Map<Address, Enforced>()
  readonly #addresses = new Map<VerdictTable, Set<Address>>()
  /** Differences between two tables, which all pods that go from one to the other share within one round of changes. */
  #differences = new Map<VerdictTable, Map<VerdictTable, Difference>>()
  #revision = 0

  constructor(store: ContentStore) {
    this.#store = store
  }

  /** Grows with every change of what `denials` says. */
  get revision(): number {
    return this.#revision
  }

  /** What can deny an address's connections; nothing: it is not judged. */
  denials(address: Address, direction: Direction): readonly DeniedBy[] {
    return denials(this.#byAddress.get(address)?.[direction])
  }

  isJudged(address: Address, direction: Direction): boolean {
    return this.#byAddress.get(address)?.[direction] !== undefined
  }

  isJudgedByTiers(address: Address, direction: Direction): boolean {
    return hasTiers(this.#byAddress.get(address)?.[direction])
  }

  /** Makes the kernel enforce exactly this for an address; undefined: nothing at all. */
  set(address: Address, now: Enforced | undefined): void {
    const before = this.#byAddress.get(address)
    for (const direction of DIRECTIONS) this.#setSide(address, direction, before, now)
    const family = familyOf(address)
    if (isIsolated(now)) this.#store.put(`self${family}`, selfKey(address), true)
    else if (isIsolated(before)) this.#store.remove(`self${family}`, selfKey(address))
    if (now === undefined) this.#byAddress.delete(address)
    else this.#byAddress.set(address, now)
  }

  /** A row of a table changed: so do the pairs of all addresses that have it. */
  readonly rowChanged = (table: VerdictTable, peerClass: Class, row: Row | undefined): void => {
    for (const address of this.#addresses.get(table) ?? []) this.#pair(address, table, peerClass, row)
  }

  /** Ends a round of changes: differences between tables are computed again after it. */
  endRound(): void {
    this.#differences = new Map()
  }

  #setSide(address: Address, direction: Direction, before: Enforced | undefined, now: Enforced | undefined): void {
    const [{ side: from }, { side: to }] = [countedOf(before, direction), countedOf(now, direction)]
    if (isSame(from, to) && before?.pod === now?.pod) return
    if (denials(from).join() !== denials(to).join()) this.#revision++
    this.#judge(address, direction, to)
    this.#countDenials(address, direction, countedOf(before, direction), countedOf(now, direction))
    for (const stage of STAGES) this.#follow(address, tableOf(from, stage), tableOf(to, stage))
  }

  #judge(address: Address, direction: Direction, to: Side): void {
    const [family, short, key] = [familyOf(address), SHORT[direction], addressKey(address)] as const
    this.#set(`${short}_judged${family}`, key, to !== undefined || undefined)
    this.#set(`${short}_tiers${family}`, key, tiersNumber(to))
    this.#set(`${short}_isolated${family}`, key, (hasTiers(to) && isIsolatedSide(to)) || undefined)
    if (direction === 'egress') this.#set(`own_judged${family}`, key, hasTiers(to) || undefined)
  }

  /** @param value undefined: there is no such element */
  #set(set: SetName, key: Key, value: Value | undefined): void {
    if (value === undefined) this.#store.remove(set, key)
    else this.#store.put(set, key, value)
  }

  /** One counter for each way in which the pod may be denied. New ones come first: those that stay are not given up in between. */
  #countDenials(address: Address, direction: Direction, from: Counted, to: Counted): void {
    for (const { by, name, meaning } of countersOf(to, direction)) {
      this.#store.holdCounter(name, meaning)
      this.#store.put(denyMap(direction, by, address), addressKey(address), name)
    }
    const kept = denials(to.side)
    for (const { by, name } of countersOf(from, direction)) {
      if (!kept.includes(by)) this.#store.remove(denyMap(direction, by, address), addressKey(address))
      this.#store.dropCounter(name)
    }
  }

  /** From what one table says to what another does. */
  #follow(address: Address, from: VerdictTable | undefined, to: VerdictTable | undefined): void {
    const table = to ?? from
    if (table === undefined || from === to) return
    if (to?.byDefault === undefined) this.#store.remove(defaultMap(table, address), addressKey(address))
    else this.#store.put(defaultMap(table, address), addressKey(address), to.byDefault.number)
    for (const [peerClass, row] of this.#difference(from, to)) this.#pair(address, table, peerClass, row)
    if (from !== undefined) removeFrom(this.#addresses, from, address)
    if (to !== undefined) addTo(this.#addresses, to, address)
  }

  #pair(address: Address, { stage, direction }: VerdictTable, peerClass: Class, row: Row | undefined): void {
    const family = familyOf(address)
    if (peerClass.family !== family) return
    const map = `${SHORT[direction]}_${stage === 'network' ? 'pair' : stage}${family}` as const
    const key = pairKey(peerClass.id, address)
    if (row === undefined) this.#store.remove(map, key)
    else this.#store.put(map, key, row.number)
  }

  #difference(from: VerdictTable | undefined, to: VerdictTable | undefined): Difference {
    if (from === undefined) return to === undefined ? [] : [...to.rows]
    if (to === undefined) return [...from.rows.keys()].map((peerClass) => [peerClass, undefined])
    const known = this.#differences.get(from)?.get(to)
    if (known !== undefined) return known
    const gone = [...from.rows.keys()].filter((peerClass) => !to.rows.has(peerClass)).map((peerClass): [Class, undefined] => [peerClass, undefined])
    const difference = [...gone, ...[...to.rows].filter(([peerClass, row]) => from.rows.get(peerClass)?.number !== row.number)]
    getOrAdd(this.#differences, from, () => new Map<VerdictTable, Difference>()).set(to, difference)
    return difference
  }
}

/** A direction of an address whose denials are counted for a pod. */
interface Counted {
  readonly pod: PodKey | undefined
  readonly side: Side
}

function countedOf(enforced: Enforced | undefined, direction: Direction): Counted {
  return { pod: enforced?.pod, side: enforced?.[direction] }
}

function countersOf({ pod, side }: Counted, direction: Direction) {
  return pod === undefined ? [] : denials(side).map((by) => {
    const meaning: CounterMeaning = { kind: 'denied', direction, by, pod }
    return { by, meaning, name: counterName(meaning) }
  })
}

/** What can deny there. */
function denials(side: Side): readonly DeniedBy[] {
  if (side === undefined) return []
  return side === 'nothing' ? ['isolation'] : STAGES.filter((stage) => side[stage] !== undefined).map((stage) => DENIED_BY[stage])
}

function denyMap(direction: Direction, by: DeniedBy, address: Address) {
  const family = familyOf(address)
  return by === 'isolation' ? (`${SHORT[direction]}_deny${family}` as const) : (`${SHORT[direction]}_deny_${by}${family}` as const)
}

function defaultMap({ stage, direction }: VerdictTable, address: Address) {
  const family = familyOf(address)
  return stage === 'network' ? (`${SHORT[direction]}_default${family}` as const) : (`${SHORT[direction]}_${stage}_default${family}` as const)
}

/** Which tiers judge an address; undefined: none. */
function tiersNumber(side: Side): number | undefined {
  if (!hasTiers(side)) return undefined
  return tableOf(side, 'admin') === undefined ? TIERS.baselineAlone : TIERS.admin
}

function isSame(a: Side, b: Side): boolean {
  if (a === b || a === undefined || b === undefined || a === 'nothing' || b === 'nothing') return a === b
  return STAGES.every((stage) => a[stage] === b[stage])
}

function tableOf(side: Side, stage: StageName): VerdictTable | undefined {
  return side === undefined || side === 'nothing' ? undefined : side[stage]
}

function hasTiers(side: Side): boolean {
  return tableOf(side, 'admin') !== undefined || tableOf(side, 'baseline') !== undefined
}

function isIsolatedSide(side: Side): boolean {
  return side === 'nothing' || tableOf(side, 'network') !== undefined
}

function isIsolated(enforced: Enforced | undefined): boolean {
  return isIsolatedSide(enforced?.ingress) || isIsolatedSide(enforced?.egress)
}
