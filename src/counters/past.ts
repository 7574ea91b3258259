// What counters had that are gone, for each policy and pod and direction that lives on. The kernel has it too, in counters that nothing
// counts with, for the next life of the agent.
import type { PodChange } from '../cluster/change.ts'
import type { Compiler } from '../compiler/compiler.ts'
import { type CounterMeaning, isPast, ownPast, pastName } from '../compiler/counter-names.ts'
import type { CounterName } from '../nftables/content.ts'
import { type Command, type CounterValue, plus } from '../nftables/transaction.ts'
import { DIRECTIONS, type PolicyChange } from '../policy/types.ts'
import type { Change } from '../source.ts'

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

  /** What a counter had, or has lost, is from now on past for all for whom it counted. */
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
      if ((change.kind !== 'policy' && change.kind !== 'pod') || this.#lives(change)) continue
      for (const direction of DIRECTIONS) {
        const name = pastName(change.kind === 'policy' ? 'hits' : 'denied', direction, change.key)
        if (this.#amounts.delete(name)) this.#changed.add(name)
      }
    }
  }

  /** Takes in a reading: what somebody has set back is to be written again. */
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

  /** The tables were made anew with these beginnings. */
  replaced(beginnings: Reading): void {
    this.#stored = new Set([...beginnings.keys()].filter(isPast))
    this.#changed.clear()
    for (const [name, value] of this.#amounts) if (beginnings.get(name) !== value) this.#changed.add(name)
  }

  /** Where the past is kept of those for whom a counter counts, as far as they live. */
  accounts(meaning: Meaning): CounterName[] {
    if (meaning.kind === 'own') return [ownPast(meaning.name)]
    const { direction } = meaning
    if (meaning.kind === 'denied') return this.#compiler.hasLocalPod(meaning.pod) ? [pastName('denied', direction, meaning.pod)] : []
    return meaning.policies.filter((key) => this.#compiler.hasPolicy(key)).map((key) => pastName('hits', direction, key))
  }

  #lives(change: PolicyChange | PodChange): boolean {
    return change.kind === 'policy' ? this.#compiler.hasPolicy(change.key) : this.#compiler.hasLocalPod(change.key)
  }
}
