// The elements of local addresses: whether each is judged, by which verdict table, and which counters have its denials.
import { addTo, getOrAdd, removeFrom } from '../../base/collections.ts'
import { type Address, familyOf } from '../../cluster/address.ts'
import type { PodKey } from '../../cluster/objects.ts'
import { addressKey, pairKey, selfKey } from '../../nftables/keys.ts'
import { type Direction, DIRECTIONS } from '../../policy/types.ts'
import type { DeniedBy } from '../../policy/verdict.ts'
import { type CounterMeaning, counterName, SHORT } from '../counter-names.ts'
import type { Class } from '../model.ts'
import type { ContentStore } from '../store.ts'
import type { Row, VerdictTable } from './verdict-tables.ts'

/** How one direction of an address is judged. 'nothing': isolated, and nothing is allowed (fail closed). */
export type Side = VerdictTable | 'nothing' | undefined

export interface Enforced {
  /** Names the counters of denials. */
  readonly pod: PodKey
  readonly ingress: Side
  readonly egress: Side
}

type Difference = readonly [Class, Row | undefined][]

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

  /** Grows with every change of what `isJudged` and `isIsolated` say. */
  get revision(): number {
    return this.#revision
  }

  isJudged(address: Address, direction: Direction): boolean {
    return sideOf(this.#byAddress.get(address), direction) !== undefined
  }

  isIsolated(address: Address, direction: Direction): boolean {
    return this.denials(address, direction).includes('isolation')
  }

  /** What can deny an address's connections. */
  denials(address: Address, direction: Direction): readonly DeniedBy[] {
    return denials(sideOf(this.#byAddress.get(address), direction))
  }

  /** Makes the kernel enforce exactly this for an address; undefined: nothing at all. */
  set(address: Address, now: Enforced | undefined): void {
    const before = this.#byAddress.get(address)
    for (const direction of DIRECTIONS) this.#setSide(address, direction, before, now)
    const family = familyOf(address)
    if (isJudged(now)) this.#store.put(`self${family}`, selfKey(address), true)
    else if (isJudged(before)) this.#store.remove(`self${family}`, selfKey(address))
    if (now === undefined) this.#byAddress.delete(address)
    else this.#byAddress.set(address, now)
  }

  /** A row of a table changed: so do the pairs of all addresses that have it. */
  readonly rowChanged = (table: VerdictTable, peerClass: Class, row: Row | undefined): void => {
    for (const address of this.#addresses.get(table) ?? []) this.#pair(address, table.direction, peerClass, row)
  }

  /** Ends a round of changes: differences between tables are computed again after it. */
  endRound(): void {
    this.#differences = new Map()
  }

  #setSide(address: Address, direction: Direction, before: Enforced | undefined, now: Enforced | undefined): void {
    const [from, to] = [sideOf(before, direction), sideOf(now, direction)]
    if (from === to && before?.pod === now?.pod) return
    if (denials(from).join() !== denials(to).join()) this.#revision++
    this.#judge(address, direction, from, to)
    this.#countDenials(address, direction, { pod: before?.pod, side: from }, { pod: now?.pod, side: to })
    this.#follow(address, direction, tableOf(from), tableOf(to))
  }

  #judge(address: Address, direction: Direction, from: Side, to: Side): void {
    const family = familyOf(address)
    this.#member(`${SHORT[direction]}_judged${family}`, address, from !== undefined, to !== undefined)
    if (direction === 'egress') this.#member(`own_judged${family}`, address, hasTiers(from), hasTiers(to))
  }

  #member(set: `${'in' | 'out' | 'own'}_judged${4 | 6}`, address: Address, was: boolean, is: boolean): void {
    if (is) this.#store.put(set, addressKey(address), true)
    else if (was) this.#store.remove(set, addressKey(address))
  }

  /** One counter for each way in which the pod may be denied. New ones come first: those that stay are not given up in between. */
  #countDenials(address: Address, direction: Direction, from: Counted, to: Counted): void {
    const dropped = countersOf(from, direction)
    for (const { by, name, meaning } of countersOf(to, direction)) {
      this.#store.holdCounter(name, meaning)
      this.#store.put(denyMap(direction, by, address), addressKey(address), name)
    }
    const kept = new Set(denials(to.side))
    for (const { by, name } of dropped) {
      if (!kept.has(by)) this.#store.remove(denyMap(direction, by, address), addressKey(address))
      this.#store.dropCounter(name)
    }
  }

  /** From what one table says to what another does. */
  #follow(address: Address, direction: Direction, from: VerdictTable | undefined, to: VerdictTable | undefined): void {
    if (from === to) return
    const map = `${SHORT[direction]}_default${familyOf(address)}` as const
    const byDefault = to?.byDefault
    if (byDefault === undefined) this.#store.remove(map, addressKey(address))
    else this.#store.put(map, addressKey(address), byDefault.number)
    for (const [peerClass, row] of this.#difference(from, to)) this.#pair(address, direction, peerClass, row)
    if (from !== undefined) removeFrom(this.#addresses, from, address)
    if (to !== undefined) addTo(this.#addresses, to, address)
  }

  #pair(address: Address, direction: Direction, peerClass: Class, row: Row | undefined): void {
    const family = familyOf(address)
    if (peerClass.family !== family) return
    const key = pairKey(peerClass.id, address)
    if (row === undefined) this.#store.remove(`${SHORT[direction]}_pair${family}`, key)
    else this.#store.put(`${SHORT[direction]}_pair${family}`, key, row.number)
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

function countersOf({ pod, side }: Counted, direction: Direction) {
  return pod === undefined ? [] : denials(side).map((by) => {
    const meaning: CounterMeaning = { kind: 'denied', direction, by, pod }
    return { by, meaning, name: counterName(meaning) }
  })
}

/** What can deny there. */
function denials(side: Side): DeniedBy[] {
  if (side === undefined) return []
  if (side === 'nothing') return ['isolation']
  return [...side.tiers.map((tier) => (tier === 'Admin' ? 'admin' : 'baseline')), ...(side.isIsolated ? ['isolation' as const] : [])]
}

function denyMap(direction: Direction, by: DeniedBy, address: Address) {
  const family = familyOf(address)
  return by === 'isolation' ? (`${SHORT[direction]}_deny${family}` as const) : (`${SHORT[direction]}_deny_${by}${family}` as const)
}

function sideOf(enforced: Enforced | undefined, direction: Direction): Side {
  return enforced?.[direction]
}

function tableOf(side: Side): VerdictTable | undefined {
  return side === 'nothing' ? undefined : side
}

function hasTiers(side: Side): boolean {
  return (tableOf(side)?.tiers.length ?? 0) > 0
}

function isJudged(enforced: Enforced | undefined): boolean {
  return enforced?.ingress !== undefined || enforced?.egress !== undefined
}
