// Hits and denials from the kernel's counters. A kernel counter stands for a set of policies and comes and goes with it; what is
// shown for a policy never goes back.
import type { PodKey, PolicyKey } from '../cluster/objects.ts'
import { getOrAdd } from '../collections.ts'
import type { CounterMeaning } from '../compiler/counters.ts'
import type { CounterName } from '../nftables/content.ts'
import type { Direction } from '../policy/types.ts'

/** Packets by name, as the kernel has them now. */
export type Reading = ReadonlyMap<CounterName, number>

export interface Totals<K> {
  readonly key: K
  readonly direction: Direction
  readonly packets: number
}

interface Seen {
  readonly meaning: CounterMeaning
  /** Last reading. */
  packets: number
}

/** Keeps what counters had when they went, and adds it to what is there now. */
export class Hits {
  readonly #seen = new Map<CounterName, Seen>()
  /** `direction key` → packets of counters that are gone. */
  readonly #kept = new Map<string, number>()

  /** Takes in the counters; those that the kernel lost (somebody removed the table) go on from where they were. */
  read(reading: Reading, meaningOf: (name: CounterName) => CounterMeaning | undefined): void {
    for (const [name, packets] of reading) {
      const meaning = meaningOf(name)
      if (meaning === undefined) continue
      const seen = getOrAdd(this.#seen, name, () => ({ meaning, packets: 0 }))
      if (packets < seen.packets) this.#keep(seen)
      seen.packets = packets
    }
  }

  /** A counter goes, with this many packets at the end. */
  retire(name: CounterName, meaning: CounterMeaning, packets: number): void {
    this.read(new Map([[name, packets]]), () => meaning)
    const seen = this.#seen.get(name)
    this.#seen.delete(name)
    if (seen !== undefined && meaning.kind === 'hits') this.#keep(seen)
  }

  /** Packets from an earlier life of the agent. */
  restore(policy: PolicyKey, direction: Direction, packets: number): void {
    const key = keyOf(direction, policy)
    this.#kept.set(key, getOrAdd(this.#kept, key, () => 0) + packets)
  }

  /** Packets of counters that are gone, which a next life of the agent has to know. */
  kept(policy: PolicyKey, direction: Direction): number {
    return this.#kept.get(keyOf(direction, policy)) ?? 0
  }

  /** A policy is gone: so is what is known of it. */
  forgetPolicy(policy: PolicyKey): void {
    for (const direction of ['ingress', 'egress'] as const) this.#kept.delete(keyOf(direction, policy))
  }

  /** Packets that opened or tried to open a connection which the policy allows; of those asked for. */
  ofPolicies(policies: Iterable<PolicyKey>): Totals<PolicyKey>[] {
    const sums = new Map(this.#kept)
    for (const { meaning, packets } of this.#seen.values()) {
      if (meaning.kind !== 'hits') continue
      for (const policy of meaning.policies) {
        const key = keyOf(meaning.direction, policy)
        sums.set(key, getOrAdd(sums, key, () => 0) + packets)
      }
    }
    return [...policies].flatMap((key) => (['ingress', 'egress'] as const).flatMap((direction) => {
      const packets = sums.get(keyOf(direction, key))
      return packets === undefined ? [] : [{ key, direction, packets }]
    }))
  }

  /** Packets from or to isolated pods that nothing allows. */
  ofPods(): Totals<PodKey>[] {
    return [...this.#seen.values()].flatMap(({ meaning, packets }) => {
      if (meaning.kind !== 'denied') return []
      const { pod: key, direction } = meaning
      return [{ key, direction, packets: packets + (this.#kept.get(keyOf(direction, key)) ?? 0) }]
    })
  }

  #keep({ meaning, packets }: Seen): void {
    const keys = meaning.kind === 'hits' ? meaning.policies : [meaning.pod]
    for (const key of keys) {
      const kept = keyOf(meaning.direction, key)
      this.#kept.set(kept, getOrAdd(this.#kept, kept, () => 0) + packets)
    }
  }
}

function keyOf(direction: Direction, key: string): string {
  return `${direction} ${key}`
}
