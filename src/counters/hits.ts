// Hits and denials from the kernel's counters. A kernel counter stands for a direction and a set of policies and comes and goes with
// it; what is shown for a policy never goes back.
//
//   counters in use ──went, were reset, were lost──▶ past: one amount for each policy and pod and direction
//        └───────────────── sum ─────────────────────┘     kept in the kernel too, for the next life of the agent
import { podKey } from '../cluster/objects.ts'
import type { Compiler } from '../compiler/compiler.ts'
import { type CounterMeaning, isPast, ownPast, pastName } from '../compiler/counter-names.ts'
import type { CounterName } from '../nftables/content.ts'
import { SPOOFED, STRAY } from '../nftables/program.ts'
import { type Command, type CounterValue, minus, plus, ZERO } from '../nftables/transaction.ts'
import type { HitTotals } from './totals.ts'
import { type Direction, DIRECTIONS } from '../policy/types.ts'
import type { Change } from '../source.ts'
import { adopted } from './adoption.ts'
import { type Meaning, Past, type Reading } from './past.ts'

interface Seen {
  readonly meaning: Meaning
  value: CounterValue
  /** Readings that began before this may know another counter of this name. */
  readonly since: number
}

const OWN = [SPOOFED, STRAY]

export class Hits {
  readonly #compiler: Compiler
  /** Counters in the kernel, as last seen. */
  #counters = new Map<CounterName, Seen>()
  readonly #past: Past
  /** The kernel has what an earlier life of the agent left. */
  #isFirst = true
  /** Orders readings and what happens to counters. */
  #clock = 0
  #lastRead = 0

  constructor(compiler: Compiler) {
    this.#compiler = compiler
    this.#past = new Past(compiler)
  }

  /** Whether takeChanges() has anything to say. */
  get hasChanges(): boolean {
    return this.#past.hasChanges
  }

  /** A reading begins. @returns what read() wants */
  begin(): number {
    return ++this.#clock
  }

  /** Takes in a reading, unless it is late. What is not in it was lost, and stays as it was seen last. */
  read(reading: Reading, begun: number): void {
    if (begun < this.#lastRead) return
    this.#lastRead = begun
    for (const [name, seen] of this.#counters) {
      const value = reading.get(name)
      if (value !== undefined && seen.since < begun) this.#see(seen, value)
    }
    this.#past.read(reading)
  }

  /** Of counters that go, those whose last values go on to count for somebody. */
  needed(names: Iterable<CounterName>): CounterName[] {
    return [...names].filter((name) => {
      const seen = this.#counters.get(name)
      return seen !== undefined && this.#past.accounts(seen.meaning).length > 0
    })
  }

  /** Counters go. @param values their last, as far as they are needed */
  retire(names: Iterable<CounterName>, values: Reading): void {
    for (const name of names) {
      const seen = this.#counters.get(name)
      if (seen === undefined) continue
      this.#see(seen, values.get(name) ?? seen.value)
      this.#counters.delete(name)
      this.#past.keep(seen.meaning, seen.value)
    }
  }

  /** Counters are in the kernel now, with nothing in them. */
  added(names: Iterable<CounterName>): void {
    for (const name of names) this.#enter(name, ZERO)
  }

  /** Policies and pods that are gone from here take their past along. */
  forget(changes: readonly Change[]): void {
    this.#past.forget(changes)
  }

  /** Commands that make the kernel keep the past as it is now. */
  takeChanges(): Command[] {
    return this.#past.takeChanges()
  }

  /**
   * What counters begin with in tables that are made anew, those included that keep the past. May be asked again, if the kernel
   * refused these: nothing counts twice.
   * @param wanted names of the others
   * @param reading what the kernel has, until replaced() from an earlier life of the agent; read() knows it already
   */
  beginnings(wanted: ReadonlySet<CounterName>, reading: Reading): Map<CounterName, CounterValue> {
    if (this.#isFirst) this.#past.adopt(adopted(this.#compiler, wanted, OWN, reading))
    const kept = new Set([...wanted, ...OWN])
    this.retire([...this.#counters.keys()].filter((name) => !kept.has(name)), reading)
    const values = new Map(this.#past.amounts)
    const last = this.#isFirst ? reading : this.#lastValues()
    for (const name of kept) values.set(name, last.get(name) ?? ZERO)
    return values
  }

  /** The tables were made anew with these beginnings. What was seen beyond them is past. */
  replaced(beginnings: Reading): void {
    const before = this.#counters
    this.#counters = new Map()
    this.#isFirst = false
    for (const [name, value] of beginnings) if (!isPast(name)) this.#enter(name, value)
    for (const [name, { meaning, value }] of this.#counters) {
      const seen = before.get(name)?.value ?? value
      if (seen.packets > value.packets) this.#past.keep(meaning, minus(seen, value))
    }
    this.#past.replaced(beginnings)
  }

  /** As of the last reading. */
  totals(): HitTotals {
    const sums = new Map(this.#past.amounts)
    for (const { meaning, value } of this.#counters.values()) {
      for (const name of this.#past.accounts(meaning)) sums.set(name, plus(sums.get(name), value))
    }
    const compiler = this.#compiler
    const policies = Array.from(compiler.queries.policies(), ({ key }) => key)
    const pods = compiler.localPods().map(podKey)
    return {
      policies: totalsOf('hits', policies, sums, (key, direction) => compiler.queries.podsOf(key, direction) > 0)
        .map((total) => ({ ...total, action: 'accept' })),
      denied: totalsOf('denied', pods, sums, (key, direction) => compiler.isIsolated(key, direction)).map((total) => ({ ...total, by: 'isolation' })),
      spoofed: sums.get(ownPast(SPOOFED))?.packets ?? 0,
      stray: sums.get(ownPast(STRAY))?.packets ?? 0,
    }
  }

  #lastValues(): Reading {
    return new Map(Array.from(this.#counters, ([name, { value }]) => [name, value]))
  }

  #enter(name: CounterName, value: CounterValue): void {
    const meaning = OWN.includes(name) ? ({ kind: 'own', name } as const) : this.#compiler.meaningOf(name)
    if (meaning !== undefined) this.#counters.set(name, { meaning, value, since: ++this.#clock })
  }

  /** Somebody may have set it back (`nft reset counters`): what it had before is past then. */
  #see(seen: Seen, value: CounterValue): void {
    if (value.packets < seen.value.packets) this.#past.keep(seen.meaning, seen.value)
    seen.value = value
  }
}

/** @param isShownAnyway also when nothing was counted */
function totalsOf<K extends string>(
  kind: CounterMeaning['kind'],
  keys: readonly K[],
  sums: Reading,
  isShownAnyway: (key: K, direction: Direction) => boolean,
): { readonly key: K; readonly direction: Direction; readonly packets: number }[] {
  return keys.flatMap((key) => DIRECTIONS.flatMap((direction) => {
    const packets = sums.get(pastName(kind, direction, key))?.packets
    return packets !== undefined || isShownAnyway(key, direction) ? [{ key, direction, packets: packets ?? 0 }] : []
  }))
}
