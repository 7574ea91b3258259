// What counters had that are gone, for each account that lives on. The kernel has it too, in counters that nothing counts with, for the
// next life of the agent.
import type { PodKey, PolicyKey } from '../cluster/objects.ts'
import type { Compiler } from '../compiler/compiler.ts'
import { type CounterMeaning, isPast, ownPast } from '../compiler/counter-names.ts'
import type { CounterName } from '../nftables/content.ts'
import { type Command, type CounterValue, plus } from '../nftables/transaction.ts'
import type { Change } from '../source.ts'
import { accountsOf, accountsOfCounter } from './accounts.ts'

/** What the kernel's counters have. */
export type Reading = ReadonlyMap<CounterName, CounterValue>

/** Also the counters of spoofed packets and stray frames, which are always there. */
export type Meaning = CounterMeaning | { readonly kind: 'own'; readonly name: CounterName }

export class Past {
  readonly #compiler: Compiler
  /** By the name of the counter that keeps it. */
  #amounts = new Map<CounterName, CounterValue>()
  /** Names of #amounts that the kernel has. */
  #stored = new Set<CounterName>()
  /** Names of #amounts that the kernel does not have as they are now. */
  readonly #changed = new Set<CounterName>()

  constructor(compiler: Compiler) {
    this.#compiler = compiler
  }

  get amounts(): Reading {
    return this.#amounts
  }

  /** Whether takeChanges() has anything to say. */
  get hasChanges(): boolean {
    return this.#changed.size > 0
  }

  /** What an earlier life of the agent has left. May be said again, until the kernel has taken it. */
  adopt(amounts: Reading): void {
    this.#amounts = new Map(amounts)
  }

  /** Adds what a counter had, or has lost, to the past of every policy or pod that it counted for. */
  keep(meaning: Meaning, value: CounterValue): void {
    if (value.packets === 0) return
    for (const name of this.accounts(meaning)) {
      this.#amounts.set(name, plus(this.#amounts.get(name), value))
      this.#changed.add(name)
    }
  }

  /** Policies and pods that are gone from here take their past along. */
  forget(changes: readonly Change[]): void {
    if (this.#amounts.size === 0) return
    for (const change of changes) {
      for (const name of this.#accountsOfGone(change)) if (this.#amounts.delete(name)) this.#changed.add(name)
    }
  }

  /** Takes in a reading: what another process has set back is to be written again. */
  read(reading: Reading): void {
    for (const name of this.#stored) {
      const [stored, value] = [reading.get(name), this.#amounts.get(name)]
      if (stored !== undefined && value !== undefined && stored.packets < value.packets) this.#changed.add(name)
    }
  }

  /** Commands that make the kernel keep the past as it is now. */
  takeChanges(): Command[] {
    const commands = [...this.#changed].flatMap((name): Command[] => {
      const value = this.#amounts.get(name)
      const before: Command[] = this.#stored.delete(name) ? [{ delete: 'counter', family: 'inet', name }] : []
      if (value === undefined) return before
      this.#stored.add(name)
      return [...before, { add: 'counter', family: 'inet', name, value }]
    })
    this.#changed.clear()
    return commands
  }

  /** The tables were replaced with these beginnings. */
  replaced(beginnings: Reading): void {
    this.#stored = new Set([...beginnings.keys()].filter(isPast))
    this.#changed.clear()
    for (const [name, value] of this.#amounts) if (beginnings.get(name) !== value) this.#changed.add(name)
  }

  /** The accounts of what a counter counts for, as far as that lives. */
  accounts(meaning: Meaning): CounterName[] {
    if (meaning.kind === 'own') return [ownPast(meaning.name)]
    const lives = (key: PolicyKey | PodKey): boolean => (
      meaning.kind === 'denied' ? this.#compiler.hasLocalPod(key as PodKey) : this.#compiler.hasPolicy(key as PolicyKey)
    )
    return accountsOfCounter(meaning).filter(({ of }) => lives(of)).map(({ name }) => name)
  }

  #accountsOfGone(change: Change): Iterable<CounterName> {
    if (change.kind === 'pod') return this.#compiler.hasLocalPod(change.key) ? [] : accountsOf({ pod: change.key })
    if (change.kind !== 'policy' && change.kind !== 'cluster-policy') return []
    return this.#compiler.hasPolicy(change.key) ? [] : accountsOf({ policy: change.key })
  }
}
