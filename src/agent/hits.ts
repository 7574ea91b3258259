// Hits and denials from the kernel's counters. A kernel counter stands for a direction and a set of policies and comes and goes with
// it; what is shown for a policy never goes back.
//
//   counters in use ──went, were reset, were lost──▶ past: one amount for each policy and pod and direction
//        └───────────────── sum ─────────────────────┘     kept in the kernel too, for the next life of the agent
import type { PodChange } from '../cluster/change.ts'
import { podKey } from '../cluster/objects.ts'
import type { Compiler } from '../compiler/compiler.ts'
import { type CounterMeaning, counterName, isPast, isSetOf, ownPast, pastName, policiesIn } from '../compiler/counters.ts'
import type { CounterName } from '../nftables/content.ts'
import { SPOOFED, STRAY } from '../nftables/program.ts'
import type { Command, CounterValue } from '../nftables/transaction.ts'
import { type Direction, DIRECTIONS, type PolicyChange } from '../policy/types.ts'
import type { Change } from '../source.ts'
import type { HitTotals, Total } from '../observe/view.ts'

/** What the kernel's counters have. */
export type Reading = ReadonlyMap<CounterName, CounterValue>

/** Also the counters of spoofed packets and stray frames, which are always there. */
type Meaning = CounterMeaning | { readonly kind: 'own'; readonly name: CounterName }

interface Seen {
  readonly meaning: Meaning
  value: CounterValue
  /** Readings that began before this may know another counter of this name. */
  readonly since: number
}

const OWN = [SPOOFED, STRAY]
const ZERO: CounterValue = { packets: 0, bytes: 0 }

export class Hits {
  readonly #compiler: Compiler
  /** Counters in the kernel, as last seen. */
  #counters = new Map<CounterName, Seen>()
  /** What counters had that are gone: by the name of the counter that keeps it, and that nothing counts with. */
  readonly #past = new Map<CounterName, CounterValue>()
  /** Names of #past that the kernel has. */
  #stored = new Set<CounterName>()
  /** Names of #past that the kernel does not have as they are now. */
  readonly #changed = new Set<CounterName>()
  #isFirst = true
  /** Orders readings and what happens to counters. */
  #clock = 0
  #lastRead = 0

  constructor(compiler: Compiler) {
    this.#compiler = compiler
  }

  /** Names of the counters in the kernel that keep the past. */
  get stored(): ReadonlySet<CounterName> {
    return this.#stored
  }

  /** Whether takeChanges() has anything to say. */
  get hasChanges(): boolean {
    return this.#changed.size > 0
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
    for (const name of this.#stored) {
      const [stored, value] = [reading.get(name), this.#past.get(name)]
      if (stored !== undefined && value !== undefined && stored.packets < value.packets) this.#changed.add(name)
    }
  }

  /** Of counters that go, those whose last values go on to count for somebody. */
  needed(names: Iterable<CounterName>): CounterName[] {
    return [...names].filter((name) => {
      const seen = this.#counters.get(name)
      return seen !== undefined && this.#isNeeded(seen.meaning)
    })
  }

  /** Counters go. @param values their last, as far as they are needed */
  retire(names: Iterable<CounterName>, values: Reading): void {
    for (const name of names) {
      const seen = this.#counters.get(name)
      if (seen === undefined) continue
      this.#see(seen, values.get(name) ?? seen.value)
      this.#counters.delete(name)
      this.#keep(seen.meaning, seen.value)
    }
  }

  /** Counters are in the kernel now, with nothing in them. */
  added(names: Iterable<CounterName>): void {
    for (const name of names) this.#enter(this.#counters, name, ZERO)
  }

  /** Policies and pods that are gone from here take their past along. */
  forget(changes: readonly Change[]): void {
    if (this.#past.size === 0) return
    for (const change of changes) {
      if (change.kind === 'namespace' || this.#lives(change)) continue
      for (const direction of DIRECTIONS) {
        const name = pastName(change.kind === 'policy' ? 'hits' : 'denied', direction, change.key)
        if (this.#past.delete(name)) this.#changed.add(name)
      }
    }
  }

  /** Commands that make the kernel keep the past as it is now. */
  takeChanges(): Command[] {
    const commands = [...this.#changed].flatMap((name): Command[] => {
      const value = this.#past.get(name)
      const before: Command[] = this.#stored.delete(name) ? [{ delete: 'counter', family: 'inet', name }] : []
      if (value === undefined) return before
      this.#stored.add(name)
      return [...before, { add: 'counter', family: 'inet', name, value }]
    })
    this.#changed.clear()
    return commands
  }

  /**
   * What counters begin with in tables that are made anew, those included that keep the past.
   * @param wanted names of the others
   * @param reading what the kernel has, for the first time from an earlier life of the agent; read() knows it already
   */
  beginnings(wanted: ReadonlySet<CounterName>, reading: Reading): Map<CounterName, CounterValue> {
    if (this.#isFirst) this.#adopt(wanted, reading)
    const kept = new Set([...wanted, ...OWN])
    this.retire([...this.#counters.keys()].filter((name) => !kept.has(name)), reading)
    const values = new Map(this.#past)
    for (const name of kept) values.set(name, (this.#isFirst ? reading : this.#lastValues()).get(name) ?? ZERO)
    return values
  }

  /** The tables were made anew with these beginnings. What was seen beyond them is past. */
  replaced(beginnings: Reading): void {
    const before = this.#counters
    this.#counters = new Map()
    this.#isFirst = false
    this.#stored = new Set([...beginnings.keys()].filter(isPast))
    for (const [name, value] of beginnings) if (!isPast(name)) this.#enter(this.#counters, name, value)
    for (const [name, { meaning, value }] of this.#counters) {
      const seen = before.get(name)?.value ?? value
      if (seen.packets > value.packets) this.#keep(meaning, minus(seen, value))
    }
    this.#changed.clear()
    for (const [name, value] of this.#past) if (beginnings.get(name) !== value) this.#changed.add(name)
  }

  /** As of the last reading. */
  totals(): HitTotals {
    const sums = new Map(this.#past)
    for (const { meaning, value } of this.#counters.values()) {
      for (const name of this.#accounts(meaning)) sums.set(name, plus(sums.get(name), value))
    }
    const compiler = this.#compiler
    const policies = Array.from(compiler.census.policies(), ({ key }) => key)
    const pods = compiler.localPods().map(podKey)
    return {
      policies: totalsOf('hits', policies, sums, (key, direction) => compiler.census.isolated(key, direction) > 0),
      denied: totalsOf('denied', pods, sums, (key, direction) => compiler.isIsolated(key, direction)),
      spoofed: sums.get(ownPast(SPOOFED))?.packets ?? 0,
      stray: sums.get(ownPast(STRAY))?.packets ?? 0,
    }
  }

  /** Takes over what an earlier life of the agent kept, and what its counters have that this one does not need. */
  #adopt(wanted: ReadonlySet<CounterName>, reading: Reading): void {
    const take = (past: CounterName, from: CounterName): void => {
      const value = wanted.has(from) ? undefined : reading.get(from)
      if (value !== undefined) this.#past.set(past, plus(this.#past.get(past), value))
    }
    const takeOwn = (meaning: CounterMeaning, key: string): void => {
      const past = pastName(meaning.kind, meaning.direction, key)
      take(past, past)
      take(past, counterName(meaning))
    }
    for (const direction of DIRECTIONS) {
      for (const { key } of this.#compiler.census.policies()) takeOwn({ kind: 'hits', direction, policies: [key] }, key)
      for (const pod of this.#compiler.localPods().map(podKey)) takeOwn({ kind: 'denied', direction, pod }, pod)
      const sets = [...reading].filter(([name]) => isSetOf(direction, name))
      for (const [name, { comment = '' }] of sets) {
        for (const key of policiesIn(comment).filter((one) => this.#compiler.hasPolicy(one))) take(pastName('hits', direction, key), name)
      }
    }
    for (const name of OWN) take(ownPast(name), ownPast(name))
  }

  #lastValues(): Reading {
    return new Map(Array.from(this.#counters, ([name, { value }]) => [name, value]))
  }

  #enter(counters: Map<CounterName, Seen>, name: CounterName, value: CounterValue): void {
    const meaning = OWN.includes(name) ? ({ kind: 'own', name } as const) : this.#compiler.meaningOf(name)
    if (meaning !== undefined) counters.set(name, { meaning, value, since: ++this.#clock })
  }

  /** Somebody may have set it back (`nft reset counters`): what it had before is past then. */
  #see(seen: Seen, value: CounterValue): void {
    if (value.packets < seen.value.packets) this.#keep(seen.meaning, seen.value)
    seen.value = value
  }

  #keep(meaning: Meaning, value: CounterValue): void {
    if (value.packets === 0) return
    for (const name of this.#accounts(meaning)) {
      this.#past.set(name, plus(this.#past.get(name), value))
      this.#changed.add(name)
    }
  }

  #isNeeded(meaning: Meaning): boolean {
    if (meaning.kind === 'hits') return meaning.policies.some((key) => this.#compiler.hasPolicy(key))
    return meaning.kind === 'own' || this.#compiler.hasLocalPod(meaning.pod)
  }

  /** Where the past is kept of those for whom a counter counts, as far as they live. */
  #accounts(meaning: Meaning): CounterName[] {
    if (meaning.kind === 'own') return [ownPast(meaning.name)]
    const { direction } = meaning
    if (meaning.kind === 'denied') return this.#compiler.hasLocalPod(meaning.pod) ? [pastName('denied', direction, meaning.pod)] : []
    return meaning.policies.filter((key) => this.#compiler.hasPolicy(key)).map((key) => pastName('hits', direction, key))
  }

  #lives(change: PolicyChange | PodChange): boolean {
    return change.kind === 'policy' ? this.#compiler.hasPolicy(change.key) : this.#compiler.hasLocalPod(change.key)
  }
}

/** @param isShownAnyway also when nothing was counted */
function totalsOf<K extends string>(
  kind: CounterMeaning['kind'],
  keys: readonly K[],
  sums: Reading,
  isShownAnyway: (key: K, direction: Direction) => boolean,
): Total<K>[] {
  return keys.flatMap((key) => DIRECTIONS.flatMap((direction) => {
    const packets = sums.get(pastName(kind, direction, key))?.packets
    return packets !== undefined || isShownAnyway(key, direction) ? [{ key, direction, packets: packets ?? 0 }] : []
  }))
}

function plus(a: CounterValue = ZERO, b: CounterValue): CounterValue {
  return { packets: a.packets + b.packets, bytes: a.bytes + b.bytes }
}

function minus(a: CounterValue, b: CounterValue): CounterValue {
  return { packets: a.packets - b.packets, bytes: Math.max(0, a.bytes - b.bytes) }
}
