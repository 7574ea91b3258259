// The rules of one stage of a verdict table, findable by what holds of a peer.
import { getOrAdd } from '../../base/collections.ts'
import type { PeerPredicate, Predicate } from '../model.ts'
import type { ActiveRule } from './active-policy.ts'

export class RuleIndex {
  readonly #rules: readonly ActiveRule[]
  readonly #byPeer = new Map<Predicate, number[]>()
  /** Positions of rules about any peer. */
  readonly #any: number[] = []

  /** @param rules in their order */
  constructor(rules: readonly ActiveRule[]) {
    this.#rules = rules
    for (const [index, { peers }] of rules.entries()) {
      if (peers === 'any') this.#any.push(index)
      else for (const peer of new Set<PeerPredicate>(peers)) getOrAdd(this.#byPeer, peer, () => []).push(index)
    }
  }

  get size(): number {
    return this.#rules.length
  }

  /** The rules that match a peer of which these predicates hold, in their order. */
  matching(holds: Iterable<Predicate>): ActiveRule[] {
    const found = new Set(this.#any)
    for (const predicate of holds) for (const index of this.#byPeer.get(predicate) ?? []) found.add(index)
    const inOrder = [...found].sort((a, b) => a - b)
    return inOrder.flatMap((index) => this.#rules[index] ?? [])
  }
}
