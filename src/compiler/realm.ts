// Peers as one kind of policies tells them apart, and the stages that judge by that. NetworkPolicies and ClusterNetworkPolicies have a realm
// each: what the one kind asks does not split the classes of the other, of which every local pod has elements.
import type { Direction } from '../policy/types.ts'
import type { Elements } from './endpoints/elements.ts'
import type { LocalPod } from './endpoints/local-pods.ts'
import { type Stage, type StageName, type VerdictTable, VerdictTables } from './endpoints/verdict-tables.ts'
import { IdPool } from './ids.ts'
import { LARGEST_VERDICT } from '../nftables/numbers.ts'
import { predicatesOf } from './peers/classes.ts'
import { Peers } from './peers/peers.ts'
import type { ActivePolicy } from './stages/active-policy.ts'
import { Lists } from './stages/lists.ts'
import { networkPolicyStage } from './stages/network-policy.ts'
import { inOrder, tierStage } from './stages/tier.ts'
import type { ContentStore } from './store.ts'

type Stages = Readonly<Partial<Record<StageName, VerdictTables>>>

/** Numbers of ClusterNetworkPolicies' classes, lists and verdicts. */
export type TierIds = Readonly<Record<'classes' | 'lists' | 'verdicts', IdPool>>

export function tierIds(): TierIds {
  return { classes: new IdPool(), lists: new IdPool(), verdicts: new IdPool(LARGEST_VERDICT) }
}

export class Realm {
  readonly peers: Peers
  readonly lists: Lists
  readonly #stages: Stages
  readonly #elements: Elements

  private constructor(peers: Peers, stages: readonly Stage[], lists: Lists, elements: Elements) {
    this.peers = peers
    this.lists = lists
    this.#stages = Object.fromEntries(stages.map((stage) => [stage.name, new VerdictTables(stage)]))
    this.#elements = elements
  }

  static ofNetworkPolicies(store: ContentStore, elements: Elements): Realm {
    const lists = Lists.ofNetworkPolicies(store)
    return new Realm(new Peers(store, '', new IdPool()), [{ name: 'network', judge: networkPolicyStage, inOrder: (policies) => policies, lists }], lists, elements)
  }

  static ofTiers(store: ContentStore, elements: Elements, ids: TierIds): Realm {
    const lists = Lists.ofTiers(store, ids)
    const stages = (['admin', 'baseline'] as const).map((name): Stage => ({ name, judge: tierStage, inOrder, lists }))
    return new Realm(new Peers(store, 'tier_', ids.classes), stages, lists, elements)
  }

  /** Number of tables. */
  get size(): number {
    return Object.values(this.#stages).reduce((sum, { size }) => sum + size, 0)
  }

  /** Splits classes by what is asked now, and judges the new ones. */
  ask(): void {
    this.peers.ask()
    this.#judgeClasses()
  }

  /** Merges classes that nothing tells apart any more, and drops what was judged for those that are gone. */
  forget(): void {
    this.peers.forget()
    this.#judgeClasses()
    for (const gone of this.peers.classes.takeRemoved()) {
      for (const tables of Object.values(this.#stages)) tables.forget(gone, this.#elements.rowChanged)
    }
  }

  /** The table of policies for a pod, held until `release`. @param policies by ascending ids; none: there is none */
  hold(stage: StageName, direction: Direction, policies: readonly ActivePolicy[], local: LocalPod): VerdictTable | undefined {
    const pod = { ports: local.record.pod.ports, previous: local.tables[direction]?.[stage] }
    if (policies.length === 0) return undefined
    return this.#stages[stage]?.hold(direction, policies, pod, (asked) => this.peers.classesHaving(asked))
  }

  release(table: VerdictTable): void {
    this.#stages[table.stage]?.release(table)
  }

  #judgeClasses(): void {
    const tables = Object.values(this.#stages)
    for (const { peerClass, predicates } of this.peers.takeRenamed()) {
      for (const each of tables) each.refresh(peerClass, predicates, this.#elements.rowChanged)
    }
    for (const created of this.peers.classes.takeCreated()) {
      for (const each of tables) each.refresh(created, predicatesOf(created), this.#elements.rowChanged)
    }
  }
}
