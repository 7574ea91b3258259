// A kernel in memory, for `--dry-run` and for tests: it takes transactions all or nothing, as strictly as nf_tables, and lets them be
// read back.
import { inTurns, type Steps } from '../../base/steps.ts'
import type { Backend, BackendState, KernelReader } from '../backend.ts'
import type { Content, CounterName, Key, Value } from '../content.ts'
import { OWN_COUNTERS } from '../program.ts'
import { schemaOf, type SetName, type TableFamily } from '../schema.ts'
import { type Command, type CounterValue, plus, TABLE_FAMILIES, type Transaction, ZERO } from '../transaction.ts'
import { change } from './change.ts'
import { Journal } from './journal.ts'
import { refuse } from './refusal.ts'
import { type FakeTable, newTable } from './table.ts'

/** Elements that are visited in one step. */
const STEP = 2000
const NO_ELEMENTS: ReadonlyMap<Key, Value> = new Map()

export class FakeKernel implements Backend, KernelReader {
  readonly reader: KernelReader = this
  readonly #onCommit: (transaction: Transaction) => void
  readonly #tables = new Map<TableFamily, FakeTable>()
  #lastHandle = 0n
  #generation = 0

  /** @param onCommit is called before each transaction; what it throws refuses the transaction */
  constructor(onCommit: (transaction: Transaction) => void = () => undefined) {
    this.#onCommit = onCommit
  }

  /** Every element, and the counters of the inet table, but for those that are there whatever the policies are. Sets are live views. */
  get content(): Content {
    const sets = new Map(this.#inOrder().flatMap(([, table]) => [...table.sets]))
    const names = [...this.#tables.get('inet')?.counters.keys() ?? []]
    return { sets, counters: new Set(names.filter((name) => !OWN_COUNTERS.inet.includes(name))) }
  }

  /** Applies a transaction, or nothing of it. @throws VethguardError NETLINK */
  commit(transaction: Transaction): Promise<void> | undefined {
    this.#onCommit(transaction)
    const journal = new Journal()
    try {
      for (const command of transaction.commands) this.#run(command, journal)
      this.inspect()
    } catch (error) {
      journal.undo()
      throw error
    }
    if (transaction.commands.length > 0) this.#generation++
    return undefined
  }

  /** Looks at what a transaction made of the content; what it throws refuses the transaction. */
  protected inspect(): void {
    // Everything that nf_tables would take is taken.
  }

  /** Counts packets, as a rule does. @param bytes default: 100 of each packet */
  count(name: CounterName, packets: number, bytes = 100 * packets): void {
    const counters = this.#inOrder().map(([, table]) => table.counters).find((each) => each.has(name))
    const before = counters?.get(name)
    if (before === undefined) throw new RangeError(`no counter ${name}`)
    counters?.set(name, { ...before, ...plus(before, { packets, bytes }) })
  }

  /** As `nft reset counters` does. */
  resetCounters(): void {
    for (const { counters } of this.#tables.values()) {
      for (const [name, { comment }] of counters) counters.set(name, comment === undefined ? ZERO : { ...ZERO, comment })
    }
  }

  counters(): Promise<ReadonlyMap<CounterName, CounterValue>> {
    const sums = new Map<CounterName, CounterValue>()
    for (const [, { counters }] of this.#inOrder()) {
      for (const [name, value] of counters) sums.set(name, { ...value, ...plus(sums.get(name), value) })
    }
    return Promise.resolve(sums)
  }

  countersNow(names: Iterable<CounterName>): ReadonlyMap<CounterName, CounterValue> {
    return found(this.#tables.get('inet')?.counters ?? new Map<CounterName, CounterValue>(), names)
  }

  async eachElement(set: SetName, visit: (key: Key, value: Value) => void): Promise<boolean> {
    const elements = this.#elements(set)
    if (elements !== undefined) await inTurns(visiting(elements, visit))
    return elements !== undefined
  }

  elementsNow(set: SetName, keys: ReadonlySet<Key>): ReadonlyMap<Key, Value> {
    return found(this.#elements(set) ?? NO_ELEMENTS, keys)
  }

  structure(): string {
    return this.#inOrder().flatMap(([family, { handle, structure }]) => [`table ${family} ${handle}`, ...structure.values()]).join('\n')
  }

  state(): BackendState {
    const tables = this.#inOrder().map(([family, { handle, flags }]) => [family, { handle, flags, owner: 'none' }] as const)
    return { generation: this.#generation, flags: [], tables: new Map(tables) }
  }

  close(): void {
    // What it has stays, as in a real one.
  }

  #inOrder(): (readonly [TableFamily, FakeTable])[] {
    return TABLE_FAMILIES.flatMap((family) => {
      const table = this.#tables.get(family)
      return table === undefined ? [] : [[family, table] as const]
    })
  }

  #elements(set: SetName): ReadonlyMap<Key, Value> | undefined {
    return this.#tables.get(schemaOf(set).family)?.sets.get(set)
  }

  #run(command: Command, journal: Journal): void {
    const table = this.#tables.get(familyOf(command))
    if ('add' in command && command.add === 'table') {
      const { family, flags } = command
      if (table === undefined) journal.set(this.#tables, family, newTable(++this.#lastHandle, flags))
      else if (table.flags.join() !== flags.join()) refuse(command, 'it has other flags')
      return
    }
    if (table === undefined) refuse(command, 'the table does not exist')
    if ('delete' in command && command.delete === 'table') journal.delete(this.#tables, command.family)
    else change(table, command, journal)
  }
}

function familyOf(command: Command): TableFamily {
  if ('family' in command) return command.family
  return 'chain' in command ? command.chain.family : schemaOf(command.set).family
}

function* visiting(elements: ReadonlyMap<Key, Value>, visit: (key: Key, value: Value) => void): Steps<void> {
  let count = 0
  for (const [key, value] of elements) {
    visit(key, value)
    if (++count % STEP === 0) yield
  }
}

function found<K, V>(map: ReadonlyMap<K, V>, keys: Iterable<K>): Map<K, V> {
  const values = new Map<K, V>()
  for (const key of keys) {
    const value = map.get(key)
    if (value !== undefined) values.set(key, value)
  }
  return values
}
