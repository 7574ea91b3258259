// The realms of both kinds of policies. That of ClusterNetworkPolicies begins when the first applies to a pod of this node: other nodes do
// not pay for it, neither in memory nor in time. It stays as long as there is any, since to begin takes in all pods of the cluster, and
// the one pod that a policy selects may restart.
import type { Steps } from '../base/steps.ts'
import type { ClusterNode, Labels, Pod, PodKey } from '../cluster/objects.ts'
import type { Elements } from './endpoints/elements.ts'
import type { StageName } from './endpoints/verdict-tables.ts'
import type { PodRecord } from './model.ts'
import { Realm, tierIds } from './realm.ts'
import type { ActivePolicy } from './stages/active-policy.ts'
import type { ContentStore } from './store.ts'

/** Pods and nodes that are taken in at once. */
const PIECE = 100

export class Realms {
  readonly network: Realm
  readonly #store: ContentStore
  readonly #elements: Elements
  readonly #namespaces = new Map<string, Labels>()
  readonly #nodes = new Map<string, ClusterNode>()
  /** They outlive the realm: a number that the kernel had must not come again at once with another meaning. */
  readonly #tierIds = tierIds()
  #tiers: Realm | undefined

  constructor(store: ContentStore, elements: Elements) {
    this.network = Realm.ofNetworkPolicies(store, elements)
    this.#store = store
    this.#elements = elements
  }

  get hasTiers(): boolean {
    return this.#tiers !== undefined
  }

  all(): Realm[] {
    return this.#tiers === undefined ? [this.network] : [this.network, this.#tiers]
  }

  /** The realm of a stage; undefined: no ClusterNetworkPolicy has applied here. */
  ofStage(stage: StageName): Realm | undefined {
    return stage === 'network' ? this.network : this.#tiers
  }

  /** The realm of an active policy. */
  of(tier: ActivePolicy['tier']): Realm {
    const realm = tier === undefined ? this.network : this.#tiers
    if (realm === undefined) throw new RangeError('no ClusterNetworkPolicy applies here')
    return realm
  }

  setNamespace(name: string, labels: Labels | undefined): void {
    if (labels === undefined) this.#namespaces.delete(name)
    else this.#namespaces.set(name, labels)
    for (const { peers } of this.all()) peers.setNamespace(name, labels)
  }

  setNode(name: string, node: ClusterNode | undefined): void {
    if (node === undefined) this.#nodes.delete(name)
    else this.#nodes.set(name, node)
    this.#tiers?.peers.setNode(name, node)
  }

  /** @returns the pod's record, undefined when it is gone */
  setPod(key: PodKey, pod: Pod | undefined): PodRecord | undefined {
    const record = this.network.peers.setPod(key, pod)
    this.#tiers?.peers.setPod(key, record?.pod)
    return record
  }

  /** Makes the realm of ClusterNetworkPolicies: all pods of the cluster are their peers. */
  *begin(): Steps<void> {
    if (this.#tiers !== undefined) return
    const { peers } = (this.#tiers = Realm.ofTiers(this.#store, this.#elements, this.#tierIds))
    for (const [name, labels] of this.#namespaces) peers.setNamespace(name, labels)
    let done = 0
    for (const [name, node] of this.#nodes) {
      peers.setNode(name, node)
      if (++done % PIECE === 0) yield
    }
    for (const [key, { pod }] of this.network.peers.pods) {
      peers.setPod(key, pod)
      if (++done % PIECE === 0) yield
    }
  }

  /** There is no ClusterNetworkPolicy any more, and no element is left of any. */
  end(): void {
    this.#tiers = undefined
  }
}
