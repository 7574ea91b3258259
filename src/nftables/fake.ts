// A kernel that is only imagined: for `--dry-run`. It says what would be done to a real one, and remembers it, so that the agent finds
// what it looks for.
import type { Backend, BackendState, KernelReader } from './backend.ts'
import type { CounterName, Key, Value } from './content.ts'
import { SET_NAMES, type SetName } from './schema.ts'
import type { Command, CounterValue, Transaction } from './transaction.ts'

export class DryRun implements Backend, KernelReader {
  readonly reader = this
  readonly #tell: (transaction: Transaction) => void
  readonly #sets = new Map<SetName, Map<Key, Value>>()
  readonly #counters = new Map<CounterName, CounterValue>()
  #commits = 0

  constructor(tell: (transaction: Transaction) => void) {
    this.#tell = tell
  }

  commit(transaction: Transaction): undefined {
    this.#tell(transaction)
    for (const command of transaction.commands) this.#run(command)
    this.#commits++
  }

  counters(): Promise<ReadonlyMap<CounterName, CounterValue>> {
    return Promise.resolve(new Map(this.#counters))
  }

  countersNow(names: Iterable<CounterName>): ReadonlyMap<CounterName, CounterValue> {
    const wanted = new Set(names)
    return new Map([...this.#counters].filter(([name]) => wanted.has(name)))
  }

  eachElement(set: SetName, visit: (key: Key, value: Value) => void): Promise<boolean> {
    this.#sets.get(set)?.forEach((value, key) => visit(key, value))
    return Promise.resolve(this.#sets.has(set))
  }

  elementsNow(set: SetName, keys: ReadonlySet<Key>): ReadonlyMap<Key, Value> {
    return new Map([...this.#sets.get(set) ?? []].filter(([key]) => keys.has(key)))
  }

  structure(): string {
    return ''
  }

  /** Without tables: nobody could have taken them away. */
  state(): BackendState {
    return { generation: this.#commits, flags: [], tables: new Map() }
  }

  close(): void {
    // There is nothing to let go of.
  }

  #run(command: Command): void {
    if ('elements' in command) this.#change(command)
    else if ('name' in command && 'value' in command) this.#counters.set(command.name, command.value)
    else if ('name' in command) this.#counters.delete(command.name)
    else if ('add' in command && command.add === 'table') this.#clear()
  }

  #change(command: Extract<Command, { elements: unknown }>): void {
    const elements = this.#sets.get(command.set)
    for (const [key, value] of command.elements) {
      if ('add' in command) elements?.set(key, value)
      else elements?.delete(key)
    }
  }

  /** Both tables are always made anew together. */
  #clear(): void {
    this.#counters.clear()
    for (const set of SET_NAMES) this.#sets.set(set, new Map())
  }
}
