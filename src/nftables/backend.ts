// What the agent asks of a way into the kernel; netlink/create-backend.ts makes them.
import type { CounterName, Key, Value } from './content.ts'
import type { SetName, TableFamily } from './schema.ts'
import type { CounterValue, TableFlag, TableOptions, Transaction } from './transaction.ts'

export interface TableState {
  /** The kernel's number of this table; a recreated table has another. */
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

/** What the agent reads of the kernel. @throws (or rejects with) NetlinkError | SystemCallError | VethguardError NETLINK */
export interface KernelReader {
  /** Reads every counter; one whose name is in both tables is summed. Empty if there is no table. */
  counters(): Promise<ReadonlyMap<CounterName, CounterValue>>
  /** Reads counters of the inet table at once (some microseconds each). Missing ones are left out. */
  countersNow(names: Iterable<CounterName>): ReadonlyMap<CounterName, CounterValue>
  /**
   * Visits every element of a set, with pauses for others. Elements that change meanwhile may be missed, or visited twice.
   * @returns false if there is no such set
   */
  eachElement(set: SetName, visit: (key: Key, value: Value) => void): Promise<boolean>
  /** Reads elements at once. Missing ones are left out. */
  elementsNow(set: SetName, keys: ReadonlySet<Key>): ReadonlyMap<Key, Value>
  /** Everything in both tables but elements and counters, as a text that changes only if any of it does. */
  structure(): string
  state(): BackendState
}

export interface Backend {
  readonly reader: KernelReader
  /** Sentences about what the kernel lacks that can be done without, and what comes of it. Undefined: nothing is known. */
  readonly lacks?: readonly string[]
  /**
   * Applies a transaction, all or nothing, in the order of the calls. Its elements must stay as they are until that is done.
   * @returns undefined when the kernel has confirmed it already (small ones over netlink), else a promise of that
   * @throws (or rejects with) NetlinkError | VethguardError NFT | VethguardError NODE_UNFIT: another process owns the tables
   */
  commit(transaction: Transaction): Promise<void> | undefined
  close(): void
}
