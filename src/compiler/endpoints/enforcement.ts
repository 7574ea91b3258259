// The local side of the program: for each address of this node's pods, whether it is isolated, by which profile, and who counts.
import { addTo, getOrAdd, removeFrom } from '../../base/collections.ts'
import { type Address, familyOf } from '../../cluster/address.ts'
import type { PodKey } from '../../cluster/objects.ts'
import { type Direction, DIRECTIONS } from '../../policy/types.ts'
import { type CounterMeaning, counterName, SHORT } from '../counter-names.ts'
import { addressKey, pairKey, selfKey } from '../../nftables/keys.ts'
import type { Profile, Row } from './profiles.ts'
import type { ContentStore } from '../store.ts'
import type { Class } from '../model.ts'

/** How one direction of an address is enforced. 'nothing': isolated, and nothing is allowed (fail closed). */
export type Side = Profile | 'nothing' | undefined

export interface Enforced {
  /** Names the counter of denials. */
  readonly pod: PodKey
  readonly ingress: Side
  readonly egress: Side
}

type Difference = readonly [Class, Row | undefined][]

export class Enforcement {
  readonly #store: ContentStore
  readonly #byAddress = new Map<Address, Enforced>()
  readonly #addresses = new Map<Profile, Set<Address>>()
  /** Differences between two profiles, which all pods that go from one to the other share within one round of changes. */
  #differences = new Map<Profile, Map<Profile, Difference>>()
  #revision = 0

  constructor(store: ContentStore) {
    this.#store = store
  }

  get addresses(): Iterable<Address> {
    return this.#byAddress.keys()
  }

  /** Grows with every change of what `isIsolated` says. */
  get revision(): number {
    return this.#revision
  }

  isIsolated(address: Address, direction: Direction): boolean {
    return isolation(this.#byAddress.get(address), direction) !== undefined
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

  /** A row of a profile changed: so do the pairs of all addresses that have it. */
  readonly rowChanged = (profile: Profile, one: Class, row: Row | undefined): void => {
    for (const address of this.#addresses.get(profile) ?? []) this.#pair(address, profile.direction, one, row)
  }

  /** Ends a round of changes: differences between profiles are computed anew after it. */
  endRound(): void {
    this.#differences = new Map()
  }

  #setSide(address: Address, direction: Direction, before: Enforced | undefined, now: Enforced | undefined): void {
    const from = isolation(before, direction)
    const to = isolation(now, direction)
    if (isSame(from, to)) return
    if ((from === undefined) !== (to === undefined)) this.#revision++
    this.#isolate(address, direction, to?.pod, from?.pod)
    this.#follow(address, direction, rowsOf(from?.side), rowsOf(to?.side))
  }

  /** From what one profile allows to what another does. */
  #follow(address: Address, direction: Direction, from: Profile | undefined, to: Profile | undefined): void {
    if (from === to) return
    const [family, short] = [familyOf(address), SHORT[direction]] as const
    const byDefault = to?.byDefault
    if (byDefault === undefined) this.#store.remove(`${short}_default${family}`, addressKey(address))
    else this.#store.put(`${short}_default${family}`, addressKey(address), byDefault.id)
    for (const [one, row] of this.#difference(from, to)) this.#pair(address, direction, one, row)
    this.#index(from, to, address)
  }

  #isolate(address: Address, direction: Direction, pod: PodKey | undefined, before: PodKey | undefined): void {
    const [family, short] = [familyOf(address), SHORT[direction]] as const
    if (pod !== undefined) {
      const meaning: CounterMeaning = { kind: 'denied', direction, pod }
      const counter = counterName(meaning)
      this.#store.holdCounter(counter, meaning)
      this.#store.put(`${short}_isolated${family}`, addressKey(address), true)
      this.#store.put(`${short}_deny${family}`, addressKey(address), counter)
    } else if (before !== undefined) {
      this.#store.remove(`${short}_isolated${family}`, addressKey(address))
      this.#store.remove(`${short}_deny${family}`, addressKey(address))
    }
    if (before !== undefined) this.#store.dropCounter(counterName({ kind: 'denied', direction, pod: before }))
  }

  #pair(address: Address, direction: Direction, one: Class, row: Row | undefined): void {
    const family = familyOf(address)
    if (one.family !== family) return
    const key = pairKey(one.id, address)
    if (row === undefined) this.#store.remove(`${SHORT[direction]}_pair${family}`, key)
    else this.#store.put(`${SHORT[direction]}_pair${family}`, key, row.id)
  }

  #difference(from: Profile | undefined, to: Profile | undefined): Difference {
    if (from === undefined) return to === undefined ? [] : [...to.rows]
    if (to === undefined) return [...from.rows.keys()].map((one) => [one, undefined])
    const known = this.#differences.get(from)?.get(to)
    if (known !== undefined) return known
    const gone = [...from.rows.keys()].filter((one) => !to.rows.has(one)).map((one): [Class, undefined] => [one, undefined])
    const difference = [...gone, ...[...to.rows].filter(([one, row]) => from.rows.get(one)?.id !== row.id)]
    getOrAdd(this.#differences, from, () => new Map<Profile, Difference>()).set(to, difference)
    return difference
  }

  #index(from: Profile | undefined, to: Profile | undefined, address: Address): void {
    if (from !== undefined) removeFrom(this.#addresses, from, address)
    if (to !== undefined) addTo(this.#addresses, to, address)
  }
}

/** One direction of an address that is isolated in it. */
interface Isolation {
  readonly pod: PodKey
  readonly side: Profile | 'nothing'
}

function isSame(a: Isolation | undefined, b: Isolation | undefined): boolean {
  return a?.side === b?.side && a?.pod === b?.pod
}

function isolation(enforced: Enforced | undefined, direction: Direction): Isolation | undefined {
  const side = enforced?.[direction]
  return enforced === undefined || side === undefined ? undefined : { pod: enforced.pod, side }
}

function rowsOf(side: Side): Profile | undefined {
  return side === 'nothing' ? undefined : side
}

function isIsolated(enforced: Enforced | undefined): boolean {
  return enforced?.ingress !== undefined || enforced?.egress !== undefined
}
