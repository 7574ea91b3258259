// What the agent asks of a way into the kernel; netlink/create-backend.ts makes them.
import type { CounterName, Key, Value } from './content.ts'
import type { SetName, TableFamily } from './schema.ts'
import type { CounterValue, TableFlag, TableOptions, Transaction } from './transaction.ts'

export interface TableState {
  /** The kernel's number of this table; a table made anew has another. */
  readonly handle: bigint
  readonly flags: readonly TableFlag[]
  /** orphan: it outlived its owner. other: owned by a process that lives. */
  readonly owner: 'none' | 'self' | 'orphan' | 'other'
}

/** A cheap look at the kernel, and what replace() and cleanup() have to know. */
export interface BackendState extends Required<Omit<TableOptions, 'guard'>> {
  /** Changes with every commit of anyone. */
  readonly generation: number
  readonly tables: ReadonlyMap<TableFamily, TableState>
}

export interface Backend {
  /**
   * Applies a transaction, all or nothing, in the order of the calls. Its elements must stay as they are until that is done.
   * @returns undefined when the kernel has confirmed it already (small ones over netlink), else a promise of that
   * @throws (or rejects with) NetlinkError | VethguardError NFT | VethguardError NODE_UNFIT: another process owns the tables
   */
  commit(transaction: Transaction): Promise<void> | undefined
  /** Every counter, that of spoofed packets summed over both tables. Empty where there is no table. */
  readCounters(): Promise<ReadonlyMap<CounterName, CounterValue>>
  /** Counters of these names in the inet table, at once (some microseconds each). Those that are not there are left out. */
  readCountersNow(names: Iterable<CounterName>): ReadonlyMap<CounterName, CounterValue>
  /**
   * Visits every element of a set while others have their turns. What changes meanwhile may be missed, or be told twice.
   * @returns false where there is no such set
   */
  eachElement(set: SetName, visit: (key: Key, value: Value) => void): Promise<boolean>
  /** Elements of these keys, at once. Those that are not there are left out. */
  readElementsNow(set: SetName, keys: ReadonlySet<Key>): ReadonlyMap<Key, Value>
  /** Everything in both tables but elements and counters, as a text that stays the same as long as nobody touches any of it. */
  structure(): string
  state(): BackendState
  close(): void
}
