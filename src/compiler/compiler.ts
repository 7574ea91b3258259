// The compiler: cluster changes in, changes of the kernel's content out. No I/O, no clock; what comes out depends on the
// cluster's state alone (numbers of classes, lists and verdicts excepted), never on the way there.
//
//   pods, nodes ──▶ groups ──matching──▶ signatures ─┐
//     │                                     ▲        ├─▶ classes ──▶ class4/6, cidr4/6
//     │                                predicates ───┤       │
//     │                                     ▲  └─▶ atoms     ▼
//     └──▶ local pods ◀── policies ──▶ active ──stages──▶ verdict tables (class → list) ──▶ elements ──▶ in_*, out_*, own_*, self*
//                                                              └──▶ lists ──▶ verdict_*, ordered_*, counters
import type { Address } from '../cluster/address.ts'
import type { Change } from '../source.ts'
import type { Steps } from '../base/steps.ts'
import { type Pod, type PodKey, podKey, type PolicyKey, splitKey } from '../cluster/objects.ts'
import type { Content, CounterName, Delta } from '../nftables/content.ts'
import { type Direction, DIRECTIONS } from '../policy/types.ts'
import type { DeniedBy } from '../policy/verdict.ts'
import { contenders, ownerOf } from './addresses/ownership.ts'
import type { CounterMeaning } from './counter-names.ts'
import { Elements, type Enforced } from './endpoints/elements.ts'
import { type LocalPod, LocalPods } from './endpoints/local-pods.ts'
import { type VerdictTable, VerdictTables } from './endpoints/verdict-tables.ts'
import type { PodRecord } from './model.ts'
import { predicatesOf } from './peers/classes.ts'
import { Peers } from './peers/peers.ts'
import { Queries } from './queries.ts'
import { activate, type ActivePolicy, deactivate } from './stages/active-policy.ts'
import { Lists } from './stages/lists.ts'
import { ContentStore } from './store.ts'

/** Sizes, for metrics and benchmarks. */
export interface CompilerSizes {
  readonly pods: number
  readonly groups: number
  readonly localPods: number
  readonly activePolicies: number
  readonly classes: number
  readonly tables: number
  readonly lists: number
}

/** Changes that are taken in at once where there are many: about a millisecond's work. */
const PIECE = 50

export class Compiler {
  readonly #node: string
  readonly #store = new ContentStore()
  readonly #peers = new Peers(this.#store)
  readonly #localPods = new LocalPods()
  readonly #active = new Map<PolicyKey, ActivePolicy>()
  readonly #lists = new Lists(this.#store)
  readonly #tables = new VerdictTables(this.#lists)
  readonly #elements = new Elements(this.#store)
  /** What policies reach, as of the last change. */
  readonly queries = new Queries({
    peers: this.#peers,
    localPods: this.#localPods,
    active: this.#active,
    isLocal: (record) => this.#isLocal(record),
  })
  #activations = 0
  /** How often a local pod became judged or isolated, or ceased to be. */
  #judgedChanges = 0

  /** @param node name of the node whose pods are enforced */
  constructor(node: string) {
    this.#node = node
  }

  /** What the kernel should have now. A live view. */
  get content(): Content {
    return this.#store
  }

  /** What a counter of the content counts. */
  meaningOf(name: CounterName): CounterMeaning | undefined {
    return this.#store.meaningOf(name)
  }

  /** What is to stand beside a counter of the content. */
  commentOf(name: CounterName): string | undefined {
    return this.#store.commentOf(name)
  }

  get sizes(): CompilerSizes {
    return {
      pods: this.#peers.pods.size,
      groups: this.#peers.groups.size,
      localPods: this.#localPods.size,
      activePolicies: this.#active.size,
      classes: this.#peers.classes.size,
      tables: this.#tables.size,
      lists: this.#lists.size,
    }
  }

  /** Pods of this node that are subject to policies. */
  localPods(): Pod[] {
    return Array.from(this.#localPods.records(), ({ pod }) => pod)
  }

  hasPolicy(key: PolicyKey): boolean {
    return this.#localPods.policies.get(key) !== undefined
  }

  hasLocalPod(key: PodKey): boolean {
    const record = this.#peers.pods.get(key)
    return record !== undefined && this.#isLocal(record)
  }

  /** Grows with every change of `localPods`, `isIsolated` and `isJudged`. */
  get localRevision(): number {
    return this.#localPods.revision + this.#judgedChanges + this.#elements.revision
  }

  /** Whether NetworkPolicies isolate this local pod; or doubt does, if it is faulty or an address is contested. */
  isIsolated(key: PodKey, direction: Direction): boolean {
    return this.#is(key, direction, ({ isIsolated }) => isIsolated, (address) => this.#elements.isIsolated(address, direction))
  }

  /** Whether any policy has a say about what reaches, or leaves, this local pod; isolated pods included. */
  isJudged(key: PodKey, direction: Direction): boolean {
    return this.#is(key, direction, () => true, (address) => this.#elements.isJudged(address, direction))
  }

  /** What can deny what reaches, or leaves, this local pod. */
  denials(key: PodKey, direction: Direction): ReadonlySet<DeniedBy> {
    const addresses = this.#peers.pods.get(key)?.pod.addresses ?? []
    return new Set(addresses.flatMap((address) => this.#elements.denials(address, direction)))
  }

  /** Takes in everything there is. The kernel needs the whole content afterwards. */
  load(changes: readonly Change[]): void {
    this.#store.unremembered(() => this.#settle(changes))
  }

  /** @returns what has to change in the kernel; undefined: nothing */
  apply(changes: readonly Change[]): Delta | undefined {
    this.#settle(changes)
    return this.#store.flush()
  }

  /** As load(). Policies come first: to ask each pod as it comes is cheaper than to ask all pods for each policy. */
  *loading(changes: readonly Change[]): Steps<void> {
    const isPod = ({ kind }: Change): boolean => kind === 'pod'
    for (const piece of piecesOf([...changes.filter((change) => !isPod(change)), ...changes.filter(isPod)])) {
      this.load(piece)
      yield
    }
  }

  /** As apply(): nothing of it is to be committed before its end. */
  *applying(changes: readonly Change[]): Steps<Delta | undefined> {
    for (const piece of piecesOf(changes)) {
      this.#settle(piece)
      yield
    }
    return this.#store.flush()
  }

  /**
   * Takes changes in, in an order in which nothing is given up before what replaces it is there, so that the larger part of what stays
   * keeps its numbers, and no counter goes and comes again:
   *
   * 1. Policies that are active now ask their predicates, and only then are classes split by what is asked.
   * 2. Tables judge the new classes before pods are given tables: these find all rows there.
   * 3. Elements follow the tables before former tables are released, former tables before the policies in them, and these before their
   *    predicates: the kernel's content refers to nothing that is gone.
   * 4. Classes that merge come last, and what is judged for them goes with them.
   */
  #settle(changes: readonly Change[]): void {
    for (const change of changes) this.#note(change)
    const changedPods = this.#localPods.takeChangedPods()
    const retired = this.#updateActive()
    this.#peers.ask()
    this.#judgeClasses()
    const released = changedPods.flatMap((local) => this.#assignTables(local))
    this.#enforce(changedPods)
    for (const table of released) this.#tables.release(table)
    for (const policy of retired) deactivate(policy, this.#peers.predicates)
    this.#peers.forget()
    this.#judgeClasses()
    for (const gone of this.#peers.classes.takeRemoved()) this.#tables.forget(gone, this.#elements.rowChanged)
    this.#elements.endRound()
  }

  #note(change: Change): void {
    switch (change.kind) {
      case 'namespace':
        this.#peers.setNamespace(change.key, change.now?.labels)
        this.#localPods.setNamespace(change.key, change.now?.labels)
        break
      case 'node':
        this.#peers.setNode(change.key, change.now)
        break
      case 'policy':
        this.#localPods.setPolicy(change.key, splitKey(change.key).namespace, change.now)
        break
      case 'cluster-policy':
        this.#localPods.setClusterPolicy(change.key, change.now)
        break
      case 'pod':
        this.#notePod(change.key, change.now)
    }
  }

  #notePod(key: PodKey, pod: Pod | undefined): void {
    const before = this.#peers.pods.get(key)
    const now = this.#peers.setPod(key, pod)
    if (now !== undefined && this.#isLocal(now)) this.#localPods.put(now)
    else if (before !== undefined) this.#localPods.remove(before)
  }

  #isLocal({ pod }: PodRecord): boolean {
    return pod.nodeName === this.#node && !pod.hostNetwork
  }

  #is(key: PodKey, direction: Direction, ofTable: (table: VerdictTable) => boolean, ofAddress: (address: Address) => boolean): boolean {
    const record = this.#peers.pods.get(key)
    if (record === undefined) return false
    const table = this.#localPods.get(record)?.tables[direction]
    return record.pod.faulty || (table !== undefined && ofTable(table)) || record.pod.addresses.some(ofAddress)
  }

  /** @returns policies, or former versions of them, that are active no more */
  #updateActive(): ActivePolicy[] {
    return this.#localPods.takeChangedPolicies().flatMap((key) => {
      const before = this.#active.get(key)
      const now = this.#localPods.activePolicy(key)
      if (before?.policy === now) return []
      if (now === undefined) this.#active.delete(key)
      else this.#active.set(key, activate(now, ++this.#activations, this.#peers.predicates))
      return before === undefined ? [] : [before]
    })
  }

  #judgeClasses(): void {
    for (const { peerClass, predicates } of this.#peers.takeRenamed()) this.#tables.refresh(peerClass, predicates, this.#elements.rowChanged)
    for (const created of this.#peers.classes.takeCreated()) this.#tables.refresh(created, predicatesOf(created), this.#elements.rowChanged)
  }

  /** @returns the tables the pod had, to be released when the kernel's content no longer follows them */
  #assignTables(local: LocalPod): VerdictTable[] {
    const policies = [...local.selectedBy.keys()].flatMap((key) => this.#active.get(key) ?? []).sort((a, b) => a.id - b.id)
    const isGone = this.#localPods.get(local.record) !== local
    return DIRECTIONS.flatMap((direction) => {
      const asked = isGone ? [] : policies.filter(({ rules }) => rules[direction] !== undefined)
      const previous = local.tables[direction]
      const pod = { ports: local.record.pod.ports, previous }
      local.tables[direction] =
        asked.length === 0 ? undefined : this.#tables.hold(direction, asked, pod, (each) => this.#peers.classesHaving(each))
      if (previous?.isIsolated !== local.tables[direction]?.isIsolated) this.#judgedChanges++
      return previous === undefined ? [] : [previous]
    })
  }

  #enforce(changedPods: readonly LocalPod[]): void {
    const addresses = new Set<Address>(this.#peers.takeChangedAddresses())
    for (const { record } of changedPods) for (const address of record.pod.addresses) addresses.add(address)
    for (const address of addresses) this.#elements.set(address, this.#enforced(address))
  }

  #enforced(address: Address): Enforced | undefined {
    const claims = this.#peers.book.claims(address)
    const local = contenders(claims).filter((record) => this.#isLocal(record))
    const [first] = local.map(({ pod }) => podKey(pod)).sort()
    const owner = ownerOf(claims)
    if (owner === undefined || first === undefined) return undefined
    if (owner === 'contested' || owner.pod.faulty) return { pod: first, ingress: 'nothing', egress: 'nothing' }
    const tables = this.#localPods.get(owner)?.tables
    if (tables?.ingress === undefined && tables?.egress === undefined) return undefined
    return { pod: first, ingress: tables.ingress, egress: tables.egress }
  }
}

function* piecesOf(changes: readonly Change[]): Iterable<readonly Change[]> {
  for (let start = 0; start < changes.length; start += PIECE) yield changes.slice(start, start + PIECE)
}
