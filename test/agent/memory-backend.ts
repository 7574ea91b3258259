// A kernel in memory, as strict as the real one, that refuses and dawdles on demand.
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { VethguardError } from '../../src/base/errors.ts'
import type { Backend, BackendState, KernelReader, TableState } from '../../src/nftables/backend.ts'
import type { Content, CounterName, Key, Value } from '../../src/nftables/content.ts'
import { schemaOf, type SetName, type TableFamily } from '../../src/nftables/schema.ts'
import type { Command, CounterValue, Elements, Transaction } from '../../src/nftables/transaction.ts'

/** How one commit goes: at once or after a moment, and well or not. */
export const MOODS = ['at once', 'throws', 'late', 'rejects', 'rejects late'] as const
export type Mood = (typeof MOODS)[number]


export class MemoryBackend implements Backend, KernelReader {
  readonly reader = this
  /** How the next commits go; when there are no more, all go well at once. */
  readonly moods: Mood[] = []
  /** How it takes its time. */
  late: () => Promise<unknown> = () => sleep(2)
  /** Contents that it never takes. */
  refuses: (content: Content) => boolean = () => false
  /** Of all kinds, and those that went well. */
  readonly commits = { tried: 0, done: 0 }
  /** How often somebody looked at all elements of a set. */
  looks = 0
  #sets = new Map<SetName, Map<Key, Value>>()
  #counters = new Map<CounterName, CounterValue>()
  readonly #tables = new Map<TableFamily, TableState>()
  #handle = 0n
  #foreign = 0
  #busy = false

  get isBusy(): boolean {
    return this.#busy
  }

  get content(): Content {
    const counters = new Set(this.#counters.keys())
    for (const own of ['spoofed', 'stray'] as CounterName[]) counters.delete(own)
    return { sets: this.#sets, counters }
  }

  commit(transaction: Transaction): Promise<void> | undefined {
    if (this.#busy) throw new TypeError('a commit while another is under way')
    this.commits.tried++
    const mood = this.moods.shift() ?? 'at once'
    if (mood === 'throws') throw refusal()
    if (mood === 'at once') {
      this.#apply(transaction)
      return undefined
    }
    this.#busy = true
    return this.#later(mood, transaction).finally(() => {
      this.#busy = false
    })
  }

  counters(): Promise<ReadonlyMap<CounterName, CounterValue>> {
    return Promise.resolve(new Map(this.#counters))
  }

  countersNow(names: Iterable<CounterName>): ReadonlyMap<CounterName, CounterValue> {
    return new Map([...names].flatMap((name) => (this.#counters.has(name) ? [[name, this.#counters.get(name)!] as const] : [])))
  }

  /** One turn for each element that was there at the beginning: it tells what is not so any more. */
  async eachElement(set: SetName, visit: (key: Key, value: Value) => void): Promise<boolean> {
    const elements = this.#sets.get(set)
    this.looks++
    for (const [key, value] of [...(elements ?? [])]) {
      visit(key, value)
      await nextTurn()
    }
    return elements !== undefined
  }

  elementsNow(set: SetName, keys: ReadonlySet<Key>): ReadonlyMap<Key, Value> {
    return new Map([...(this.#sets.get(set) ?? [])].filter(([key]) => keys.has(key)))
  }

  structure(): string {
    return `${this.#handle}`
  }

  state(): BackendState {
    return { generation: this.commits.done + this.#foreign, tables: new Map(this.#tables), flags: [] }
  }

  close(): void {
    // What is in the kernel stays.
  }

  /** Packets come that this counter counts. */
  count(name: CounterName, packets: number): void {
    const before = this.#counters.get(name)
    if (before === undefined) throw new TypeError(`no counter ${name}`)
    this.#counters.set(name, { ...before, packets: before.packets + packets, bytes: before.bytes + packets * 100 })
  }

  /** As `nft reset counters` does. */
  resetCounters(): void {
    for (const [name, { comment }] of this.#counters) this.#counters.set(name, { packets: 0, bytes: 0, comment })
  }

  /** Somebody else changes elements. */
  tamper(set: SetName, change: (elements: Map<Key, Value>) => void): void {
    change(this.#sets.get(set)!)
    this.#foreign++
  }

  /** As `nft flush ruleset` does. */
  flush(): void {
    this.#tables.clear()
    this.#sets.clear()
    this.#counters.clear()
  }

  async #later(mood: Mood, transaction: Transaction): Promise<void> {
    if (mood !== 'rejects') await this.late()
    if (mood !== 'late') throw refusal()
    this.#apply(transaction)
  }

  /** All or nothing. */
  #apply({ commands }: Transaction): void {
    const before = { sets: new Map([...this.#sets].map(([set, elements]) => [set, new Map(elements)])), counters: new Map(this.#counters) }
    try {
      for (const command of commands) this.#run(command)
      if (this.refuses(this.content)) throw refusal()
    } catch (error) {
      this.#sets = before.sets
      this.#counters = before.counters
      throw error
    }
    this.commits.done++
  }

  #run(command: Command): void {
    if ('elements' in command) {
      const elements = this.#sets.get(command.set)
      if (elements === undefined) throw refusal(`no set ${command.set}`)
      if ('add' in command) this.#add(elements, command.elements)
      else this.#delete(elements, command.elements)
    } else if ('delete' in command) {
      if (command.delete === 'table') this.#deleteTable(command.family)
      else if (!this.#counters.delete(command.name)) throw refusal(`no counter ${command.name}`)
    } else {
      this.#make(command)
    }
  }

  #make(command: Exclude<Command, { elements: unknown } | { delete: unknown }>): void {
    if (command.add === 'table') this.#tables.set(command.family, { handle: ++this.#handle, flags: [], owner: 'none' })
    else if (command.add === 'set') this.#sets.set(command.set, new Map())
    else if (command.add === 'counter') this.#counters.set(command.name, command.value)
  }

  #deleteTable(family: TableFamily): void {
    if (!this.#tables.delete(family)) throw refusal(`no table ${family}`)
    for (const set of [...this.#sets.keys()]) if (schemaOf(set).family === family) this.#sets.delete(set)
    if (family === 'inet') this.#counters.clear()
  }

  #add(elements: Map<Key, Value>, added: Elements): void {
    for (const [key, value] of added) {
      if (elements.has(key)) throw refusal('an element that is there')
      if (typeof value === 'string' && !this.#counters.has(value as CounterName)) throw refusal(`no counter ${value}`)
      elements.set(key, value)
    }
  }

  #delete(elements: Map<Key, Value>, deleted: Elements): void {
    for (const key of deleted.keys()) if (!elements.delete(key)) throw refusal('an element that is not there')
  }
}

function refusal(why = 'the kernel does not like it'): VethguardError {
  return new VethguardError('NETLINK', why)
}
