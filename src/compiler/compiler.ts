// The compiler: cluster changes in, changes of the kernel's content out. No I/O, no clock; what comes out depends on the
// cluster's state alone (numbers of classes, lists and verdicts excepted), never on the way there.
//
//   pods, nodes ──▶ groups ──matching──▶ signatures ─┐
//     │                                     ▲        ├─▶ classes ──▶ class*, cidr*          a realm each for NetworkPolicies
//     │                                predicates ───┤       │                              and for ClusterNetworkPolicies
//     │                                     ▲  └─▶ atoms     ▼
//     └──▶ local pods ◀── policies ──▶ active ──stages──▶ verdict tables (class → list) ──▶ elements ──▶ in_*, out_*, own_*, self*
//                                                              └──▶ lists ──▶ verdict_*, tier_*, counters
import { atOnce, type Steps } from '../base/steps.ts'
import type { Address } from '../cluster/address.ts'
import { type Pod, type PodKey, podKey, type PolicyKey, splitKey } from '../cluster/objects.ts'
import type { Content, Delta } from '../nftables/content.ts'
import { type Direction, DIRECTIONS } from '../policy/types.ts'
import type { DeniedBy } from '../policy/verdict.ts'
import type { Change } from '../source.ts'
import { contenders, ownerOf } from './addresses/ownership.ts'
import { Elements, type Enforced, type Tables } from './endpoints/elements.ts'
import { type LocalPod, LocalPods } from './endpoints/local-pods.ts'
import { STAGES, type VerdictTable } from './endpoints/verdict-tables.ts'
import type { PodRecord } from './model.ts'
import { claimed } from './peers/peers.ts'
import { Queries } from './queries.ts'
import { Realms } from './realms.ts'
import { type CompilerSizes, sizesOf } from './sizes.ts'
import { activate, type ActivePolicy, type AnyPolicy, deactivate } from './stages/active-policy.ts'
import { ContentStore } from './store.ts'

/** Changes that are taken in at once where there are many: about a millisecond's work. */
const PIECE = 50
/** More at once, as when everything is reread, are too much for one turn. */
const MANY = 200

export class Compiler {
  readonly #node: string
  readonly #store = new ContentStore()
  readonly #elements = new Elements(this.#store)
  readonly #realms = new Realms(this.#store, this.#elements)
  readonly #peers = this.#realms.network.peers
  readonly #localPods = new LocalPods()
  readonly #active = new Map<PolicyKey, ActivePolicy>()
  /** Addresses that are claimed otherwise than before, or by pods that are judged otherwise. */
  readonly #changedAddresses = new Set<Address>()
  /** What policies reach, as of the last change. */
  readonly queries = new Queries({
    peers: this.#peers,
    peersFor: (tier) => this.#realms.ofStage(tier === undefined ? 'network' : 'admin')?.peers,
    localPods: this.#localPods, active: this.#active,
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

  /** What counters of the content count, and what is to stand beside them. */
  get counters(): Pick<ContentStore, 'meaningOf' | 'commentOf'> {
    return this.#store
  }

  get sizes(): CompilerSizes {
    return sizesOf(this.#realms, this.#localPods, this.#active.size)
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

  /** Grows with every change of `localPods`, `isIsolated`, `isJudged` and `isJudgedAtNode`. */
  get localRevision(): number {
    return this.#localPods.revision + this.#judgedChanges + this.#elements.revision
  }

  /** Whether NetworkPolicies isolate this local pod; or doubt does, if it is faulty or an address is contested. */
  isIsolated(key: PodKey, direction: Direction): boolean {
    return this.#tablesOf(key, direction)?.network !== undefined || this.#isFaulty(key) || this.denials(key, direction).has('isolation')
  }

  /** Whether any policy has a say about what reaches, or leaves, this local pod; isolated pods included. */
  isJudged(key: PodKey, direction: Direction): boolean {
    return this.#tablesOf(key, direction) !== undefined || this.#isFaulty(key) || this.#addressesOf(key).some((each) => this.#elements.isJudged(each, direction))
  }

  /** Whether policies have a say about what this local pod sends to its own node: ClusterNetworkPolicies alone can. */
  isJudgedAtNode(key: PodKey): boolean {
    return this.#realms.hasTiers && this.#addressesOf(key).some((each) => this.#elements.isJudgedByTiers(each, 'egress'))
  }

  /** What can deny what reaches, or leaves, this local pod at one of its addresses. */
  denials(key: PodKey, direction: Direction): ReadonlySet<DeniedBy> {
    return new Set(this.#addressesOf(key).flatMap((address) => this.#elements.denials(address, direction)))
  }

  /** Takes in everything there is. The kernel needs the whole content afterwards. */
  load(changes: readonly Change[]): void {
    atOnce(this.#takingIn(changes, (write) => this.#store.unremembered(write)))
  }

  /** @returns what has to change in the kernel; undefined: nothing */
  apply(changes: readonly Change[]): Delta | undefined {
    atOnce(this.#takingIn(changes))
    return this.#store.flush()
  }

  /** Whether these changes are so much work that others should have their turns in between: see applying(). */
  isMuchWork(changes: readonly Change[]): boolean {
    const mayBegin = !this.#realms.hasTiers && changes.some((change) => this.#localPods.maySelect(change, this.#node))
    return changes.length > MANY || (mayBegin && this.#peers.pods.size > MANY) // the realm of tiers begins with all pods of the cluster
  }

  /** As load(). Policies come first: to ask each pod as it comes is cheaper than to ask all pods for each policy. */
  *loading(changes: readonly Change[]): Steps<void> {
    const isPod = ({ kind }: Change): boolean => kind === 'pod'
    for (const piece of piecesOf([...changes.filter((change) => !isPod(change)), ...changes.filter(isPod)])) {
      yield* this.#takingIn(piece, (write) => this.#store.unremembered(write))
      yield
    }
  }

  /** As apply(): nothing of it is to be committed before its end. */
  *applying(changes: readonly Change[]): Steps<Delta | undefined> {
    for (const piece of piecesOf(changes)) {
      yield* this.#takingIn(piece)
      yield
    }
    return this.#store.flush()
  }

  /** Takes changes in. @param run does what writes to the content */
  *#takingIn(changes: readonly Change[], run = (write: () => void): void => write()): Steps<void> {
    run(() => changes.forEach((change) => this.#note(change)))
    if (this.#localPods.hasNewClusterPolicy()) yield* this.#realms.begin()
    run(() => this.#settle())
  }

  /**
   * Brings everything in step with the changes that were noted. The order of these steps matters:
   *
   * 1. Policies that are active now ask first: classes are split by all that is asked, and only once.
   * 2. Tables judge new classes before pods get other tables, which take over rows of the former ones.
   * 3. Elements follow the new tables before the former ones are released, these before the policies in them, and policies before what
   *    they asked is forgotten: a list, a counter or a class that goes on is never without a user in between, and keeps its number.
   */
  #settle(): void {
    const changedPods = this.#localPods.takeChangedPods()
    const retired = this.#updateActive()
    for (const realm of this.#realms.all()) realm.ask()
    const released = changedPods.flatMap((local) => this.#assignTables(local))
    this.#enforce(changedPods)
    for (const table of released) this.#realms.ofStage(table.stage)?.release(table)
    for (const policy of retired) deactivate(policy, this.#realms.of(policy.tier).peers.predicates)
    for (const realm of this.#realms.all()) realm.forget()
    this.#elements.endRound()
    if (!this.#localPods.policies.hasClusterPolicies) this.#realms.end()
  }

  #note(change: Change): void {
    switch (change.kind) {
      case 'namespace':
        this.#realms.setNamespace(change.key, change.now?.labels)
        this.#localPods.setNamespace(change.key, change.now?.labels)
        break
      case 'node':
        this.#realms.setNode(change.key, change.now)
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
    const now = this.#realms.setPod(key, pod)
    for (const address of [...claimed(before), ...claimed(now)]) this.#changedAddresses.add(address)
    if (now !== undefined && this.#isLocal(now)) this.#localPods.put(now)
    else if (before !== undefined) this.#localPods.remove(before)
  }

  #isLocal({ pod }: PodRecord): boolean {
    return pod.nodeName === this.#node && !pod.hostNetwork
  }

  #isFaulty(key: PodKey): boolean {
    return this.#peers.pods.get(key)?.pod.faulty ?? false
  }

  #addressesOf(key: PodKey): readonly Address[] {
    return this.#peers.pods.get(key)?.pod.addresses ?? []
  }

  #tablesOf(key: PodKey, direction: Direction): Tables | undefined {
    const record = this.#peers.pods.get(key)
    return record && this.#localPods.get(record)?.tables[direction]
  }

  /** @returns policies, or former versions of them, that are active no more */
  #updateActive(): ActivePolicy[] {
    return this.#localPods.takeChangedPolicies().flatMap((key) => {
      const before = this.#active.get(key)
      const now = this.#localPods.activePolicy(key)
      if (before?.policy === now) return []
      if (now === undefined) this.#active.delete(key)
      else this.#active.set(key, this.#activate(now))
      return before === undefined ? [] : [before]
    })
  }

  #activate(policy: AnyPolicy): ActivePolicy {
    return activate(policy, ++this.#activations, (tier) => this.#realms.of(tier).peers.predicates)
  }

  /** @returns the tables the pod had, to be released when the kernel's content no longer follows them */
  #assignTables(local: LocalPod): VerdictTable[] {
    const isGone = this.#localPods.get(local.record) !== local
    const policies = isGone ? [] : [...local.selectedBy.keys()].flatMap((key) => this.#active.get(key) ?? []).sort((a, b) => a.id - b.id)
    return DIRECTIONS.flatMap((direction) => {
      const previous = local.tables[direction]
      const now = this.#tablesFor(local, direction, policies.filter(({ rules }) => rules[direction] !== undefined))
      if ((previous?.network === undefined) !== (now?.network === undefined) || (previous === undefined) !== (now === undefined)) this.#judgedChanges++
      local.tables[direction] = now
      return previous === undefined ? [] : STAGES.flatMap((stage) => previous[stage] ?? [])
    })
  }

  /** Where NetworkPolicies isolate, Baseline is not asked. */
  #tablesFor(local: LocalPod, direction: Direction, policies: readonly ActivePolicy[]): Tables | undefined {
    if (policies.length === 0) return undefined
    const ofTier = (tier: ActivePolicy['tier']): ActivePolicy[] => policies.filter((policy) => policy.tier === tier)
    const isolating = ofTier(undefined)
    return {
      admin: this.#realms.ofStage('admin')?.hold('admin', direction, ofTier('Admin'), local),
      network: this.#realms.network.hold('network', direction, isolating, local),
      baseline: this.#realms.ofStage('baseline')?.hold('baseline', direction, isolating.length > 0 ? [] : ofTier('Baseline'), local),
    }
  }

  #enforce(changedPods: readonly LocalPod[]): void {
    for (const { record } of changedPods) for (const address of record.pod.addresses) this.#changedAddresses.add(address)
    for (const address of this.#changedAddresses) this.#elements.set(address, this.#enforced(address))
    this.#changedAddresses.clear()
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
