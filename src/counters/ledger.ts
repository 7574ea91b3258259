// The ledger: what was counted for each policy and pod, from the kernel's counters. A counter of the kernel stands for a direction and a
// set of hits and comes and goes with it; what the ledger shows never goes back.
//
//   counters in use ──went, were reset, were lost──▶ past: one amount for each policy and pod, direction and action
//        └───────────────── sum ─────────────────────┘     kept in the kernel too, for the next life of the agent
//
// Each commit is one entry: made before it, and done when the kernel has confirmed. Readings and entries are ordered by a clock that only
// the ledger knows.
import type { Compiler } from '../compiler/compiler.ts'
import { isPast, ownPast } from '../compiler/counter-names.ts'
import type { KernelReader } from '../nftables/backend.ts'
import type { CounterName, Delta } from '../nftables/content.ts'
import { OWN_COUNTERS, SPOOFED, STRAY, TUNNELLED } from '../nftables/program.ts'
import { type Command, type CounterValue, minus, plus, ZERO } from '../nftables/transaction.ts'
import type { Change } from '../source.ts'
import { type Account, policyAccounts, podAccounts } from './accounts.ts'
import { adopted } from './adoption.ts'
import { type Meaning, Past, type Reading } from './past.ts'
import type { HitTotals } from './totals.ts'

interface Seen {
  readonly meaning: Meaning
  value: CounterValue
  /** Readings that began before this may know another counter of this name. */
  readonly since: number
}

/** What a commit does to the ledger. */
interface LedgerEntry {
  /** To be called when the kernel has confirmed the commit. */
  readonly done: () => void
}

/** The tables are replaced. */
export interface Replacement extends LedgerEntry {
  /** What counters begin with, those included that keep the past. */
  readonly beginnings: ReadonlyMap<CounterName, CounterValue>
}

/** Counters come and go. */
export interface Posting extends LedgerEntry {
  /** What makes the kernel keep the past as it is now; to go into the same transaction. */
  readonly commands: readonly Command[]
}

/** Counters that are there whatever the policies are. */
const OWN = [...new Set(Object.values(OWN_COUNTERS).flat())]

export interface LedgerOptions {
  readonly compiler: Compiler
  readonly reader: Pick<KernelReader, 'counters' | 'countersNow'>
  /** Counters that go could not be read: what they counted since they were last seen is lost. */
  readonly onLost: (error: unknown) => void
}

export class Ledger {
  readonly #options: LedgerOptions
  /** Counters in the kernel, as last seen. */
  #counters = new Map<CounterName, Seen>()
  readonly #past: Past
  /** The kernel has what an earlier life of the agent left. */
  #isFirst = true
  /** Orders readings and what happens to counters. */
  #clock = 0
  #lastRead = 0

  constructor(options: LedgerOptions) {
    this.#options = options
    this.#past = new Past(options.compiler)
  }

  /** Whether the kernel keeps less of the past than it should: a commit is due. */
  get isDue(): boolean {
    return this.#past.hasChanges
  }

  /** Reads the counters. @returns what they add up to. @throws NetlinkError, VethguardError */
  async poll(): Promise<HitTotals> {
    await this.#read()
    return this.#totals()
  }

  /**
   * Makes the entry of a replacement of the tables. It may never be done, if the kernel refuses: nothing counts twice in the next one.
   * @param wanted names of counters that the new tables have
   * @throws NetlinkError, VethguardError
   */
  async forReplacement(wanted: ReadonlySet<CounterName>): Promise<Replacement> {
    const reading = await this.#read()
    const beginnings = this.#beginnings(wanted, reading)
    return { beginnings, done: () => this.#replaced(beginnings) }
  }

  /** Makes the entry of a delta. Never throws. */
  forDelta({ added, deleted }: Delta['counters']): Posting {
    this.#retire(deleted, this.#lastOf(this.#needed(deleted)))
    return {
      commands: this.#past.takeChanges(),
      done: () => {
        for (const name of added) this.#enter(name, ZERO)
      },
    }
  }

  /** Policies and pods that are gone from here take their past along. */
  forget(changes: readonly Change[]): void {
    this.#past.forget(changes)
  }

  /** A reading that is overtaken by another says nothing. What is not in it was lost, and stays as it was seen last. */
  async #read(): Promise<Reading> {
    const begun = ++this.#clock
    const reading = await this.#options.reader.counters()
    if (begun < this.#lastRead) return reading
    this.#lastRead = begun
    for (const [name, seen] of this.#counters) {
      const value = reading.get(name)
      if (value !== undefined && seen.since < begun) this.#see(seen, value)
    }
    this.#past.read(reading)
    return reading
  }

  /** Of counters that go, those whose last values go on to count for a policy or pod. */
  #needed(names: Iterable<CounterName>): CounterName[] {
    return [...names].filter((name) => {
      const seen = this.#counters.get(name)
      return seen !== undefined && this.#past.accounts(seen.meaning).length > 0
    })
  }

  /** If they cannot be read, what was seen last counts. */
  #lastOf(names: readonly CounterName[]): Reading {
    if (names.length === 0) return new Map()
    try {
      return this.#options.reader.countersNow(names)
    } catch (error) {
      this.#options.onLost(error)
      return new Map()
    }
  }

  /** Counters go. @param values their last, as far as they are needed */
  #retire(names: Iterable<CounterName>, values: Reading): void {
    for (const name of names) {
      const seen = this.#counters.get(name)
      if (seen === undefined) continue
      this.#see(seen, values.get(name) ?? seen.value)
      this.#counters.delete(name)
      this.#past.keep(seen.meaning, seen.value)
    }
  }

  #beginnings(wanted: ReadonlySet<CounterName>, reading: Reading): Map<CounterName, CounterValue> {
    if (this.#isFirst) this.#past.adopt(adopted(this.#options.compiler, wanted, OWN, reading))
    const kept = new Set([...wanted, ...OWN])
    this.#retire([...this.#counters.keys()].filter((name) => !kept.has(name)), reading)
    const values = new Map(this.#past.amounts)
    const last = this.#isFirst ? reading : this.#lastValues()
    for (const name of kept) values.set(name, last.get(name) ?? ZERO)
    return values
  }

  /** The tables were replaced with these beginnings. What was seen beyond them is past. */
  #replaced(beginnings: Reading): void {
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
  #totals(): HitTotals {
    const sums = new Map(this.#past.amounts)
    for (const { meaning, value } of this.#counters.values()) {
      for (const name of this.#past.accounts(meaning)) sums.set(name, plus(sums.get(name), value))
    }
    const packetsOf = (name: CounterName): number | undefined => sums.get(name)?.packets
    return {
      policies: totalsOf(policyAccounts(this.#options.compiler), packetsOf),
      denied: totalsOf(podAccounts(this.#options.compiler), packetsOf),
      spoofed: packetsOf(ownPast(SPOOFED)) ?? 0,
      stray: packetsOf(ownPast(STRAY)) ?? 0,
      tunnelled: packetsOf(ownPast(TUNNELLED)) ?? 0,
    }
  }

  #lastValues(): Reading {
    return new Map(Array.from(this.#counters, ([name, { value }]) => [name, value]))
  }

  #enter(name: CounterName, value: CounterValue): void {
    const meaning = OWN.includes(name) ? ({ kind: 'own', name } as const) : this.#options.compiler.counters.meaningOf(name)
    if (meaning !== undefined) this.#counters.set(name, { meaning, value, since: ++this.#clock })
  }

  /** Another process may have set it back (`nft reset counters`): what it had before is past then. */
  #see(seen: Seen, value: CounterValue): void {
    if (value.packets < seen.value.packets) this.#past.keep(seen.meaning, seen.value)
    seen.value = value
  }
}

/** Accounts that have something, and those that are shown at 0 too. */
function totalsOf<Of>(accounts: Iterable<Account<Of>>, packetsOf: (name: CounterName) => number | undefined): (Of & { readonly packets: number })[] {
  return Array.from(accounts).flatMap(({ name, of, isShownAtZero }) => {
    const packets = packetsOf(name)
    return packets !== undefined || isShownAtZero() ? [{ ...of, packets: packets ?? 0 }] : []
  })
}
