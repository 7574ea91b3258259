// The compiler: cluster changes in, changes of the kernel's content out. No I/O, no clock; what comes out depends on the
// cluster's state alone (class and permission numbers excepted), never on the way there.
//
//   pods ──▶ groups ──matching──▶ signatures ─┐
//     │                               ▲       ├─▶ classes ──▶ class4/6, cidr4/6
//     │                           predicates ─┤       │
//     │                               ▲  └─▶ atoms    ▼
//     └──▶ locals ◀── policies ──▶ active ──▶ profiles (class → permission) ──▶ enforcement ──▶ in_*/out_*, self
//                                                          └──▶ permissions ──▶ perm_*, counters
import type { Address } from '../cluster/address.ts'
import type { Change } from '../source.ts'
import type { Steps } from '../base/steps.ts'
import { type Pod, type PodKey, podKey, type PolicyKey } from '../cluster/objects.ts'
import type { Content, CounterName, Delta } from '../nftables/content.ts'
import { type Direction, DIRECTIONS } from '../policy/types.ts'
import { Census } from './queries.ts'
import { predicatesOf } from './peers/classes.ts'
import type { CounterMeaning } from './counter-names.ts'
import { Enforcement, type Enforced } from './endpoints/enforcement.ts'
import { type LocalPod, Locals } from './endpoints/locals.ts'
import { contenders, ownerOf } from './addresses/ownership.ts'
import { Peers } from './peers/peers.ts'
import { Permissions } from './stages/permissions.ts'
import { Profiles } from './endpoints/profiles.ts'
import { activate, type ActivePolicy, deactivate } from './stages/rules.ts'
import { ContentStore } from './store.ts'
import type { PodRecord } from './model.ts'

/** Sizes, for metrics and benchmarks. */
export interface CompilerSizes {
  readonly pods: number
  readonly groups: number
  readonly localPods: number
  readonly activePolicies: number
  readonly classes: number
  readonly profiles: number
  readonly permissions: number
}

/** Changes that are taken in at once where there are many: about a millisecond's work. */
const PIECE = 50

export class Compiler {
  readonly #node: string
  readonly #store = new ContentStore()
  readonly #peers = new Peers(this.#store)
  readonly #locals = new Locals()
  readonly #active = new Map<PolicyKey, ActivePolicy>()
  readonly #permissions = new Permissions(this.#store)
  readonly #profiles = new Profiles(this.#permissions)
  readonly #enforcement = new Enforcement(this.#store)
  /** Whom policies reach, as of the last change. */
  readonly census = new Census({
    peers: this.#peers,
    locals: this.#locals,
    active: this.#active,
    isLocal: (record) => this.#isLocal(record),
  })
  #activations = 0
  /** How often a local pod became isolated, or ceased to be. */
  #isolationChanges = 0

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
      localPods: this.#locals.size,
      activePolicies: this.#active.size,
      classes: this.#peers.classes.size,
      profiles: this.#profiles.size,
      permissions: this.#permissions.size,
    }
  }

  /** Pods of this node that are subject to policies. */
  localPods(): Pod[] {
    return Array.from(this.#locals.records(), ({ pod }) => pod)
  }

  hasPolicy(key: PolicyKey): boolean {
    return this.#locals.policy(key) !== undefined
  }

  hasLocalPod(key: PodKey): boolean {
    const record = this.#peers.pods.get(key)
    return record !== undefined && this.#isLocal(record)
  }

  /** Grows with every change of `localPods` and of what `isIsolated` says. */
  get localRevision(): number {
    return this.#locals.revision + this.#isolationChanges + this.#enforcement.revision
  }

  /** Whether policies restrict what reaches, or leaves, this local pod; or doubt does, where it is faulty or an address is contested. */
  isIsolated(key: PodKey, direction: Direction): boolean {
    const record = this.#peers.pods.get(key)
    if (record === undefined) return false
    if (record.pod.faulty || this.#locals.pod(record)?.profiles[direction] !== undefined) return true
    return record.pod.addresses.some((address) => this.#enforcement.isIsolated(address, direction))
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

  #settle(changes: readonly Change[]): void {
    for (const change of changes) this.#note(change)
    const changedPods = this.#locals.takeChangedPods()
    const retired = this.#updateActive()
    this.#peers.ask()
    this.#evaluateClasses()
    const released = changedPods.flatMap((local) => this.#assignProfiles(local))
    this.#enforce(changedPods)
    for (const profile of released) this.#profiles.release(profile)
    for (const policy of retired) deactivate(policy, this.#peers.predicates)
    this.#peers.forget()
    this.#evaluateClasses()
    for (const gone of this.#peers.classes.takeRemoved()) this.#profiles.forget(gone, this.#enforcement.rowChanged)
    this.#enforcement.endRound()
  }

  #note(change: Change): void {
    if (change.kind === 'namespace') this.#peers.setNamespace(change.key, change.now?.labels)
    else if (change.kind === 'policy') this.#locals.setPolicy(change.key, change.now)
    else if (change.kind === 'pod') this.#notePod(change.key, change.now)
  }

  #notePod(key: PodKey, pod: Pod | undefined): void {
    const before = this.#peers.pods.get(key)
    const now = this.#peers.setPod(key, pod)
    if (now !== undefined && this.#isLocal(now)) this.#locals.put(now)
    else if (before !== undefined) this.#locals.remove(before)
  }

  #isLocal({ pod }: PodRecord): boolean {
    return pod.nodeName === this.#node && !pod.hostNetwork
  }

  /** @returns policies, or former versions of them, that are active no more */
  #updateActive(): ActivePolicy[] {
    return this.#locals.takeChangedPolicies().flatMap((key) => {
      const before = this.#active.get(key)
      const now = this.#locals.activePolicy(key)
      if (before?.policy === now) return []
      if (now === undefined) this.#active.delete(key)
      else this.#active.set(key, activate(now, ++this.#activations, this.#peers.predicates))
      return before === undefined ? [] : [before]
    })
  }

  #evaluateClasses(): void {
    for (const { one, predicates } of this.#peers.takeRenamed()) this.#profiles.refresh(one, predicates, this.#enforcement.rowChanged)
    for (const one of this.#peers.classes.takeCreated()) this.#profiles.refresh(one, predicatesOf(one), this.#enforcement.rowChanged)
  }

  /** @returns the profiles the pod had, to be released when the kernel's content no longer follows them */
  #assignProfiles(local: LocalPod) {
    const policies = [...local.selectedBy.keys()].flatMap((key) => this.#active.get(key) ?? []).sort((a, b) => a.id - b.id)
    const gone = this.#locals.pod(local.record) !== local
    return DIRECTIONS.flatMap((direction) => {
      const isolating = gone ? [] : policies.filter(({ rules }) => rules[direction] !== undefined)
      const before = local.profiles[direction]
      const pod = { ports: local.record.pod.ports, like: before }
      local.profiles[direction] =
        isolating.length === 0 ? undefined : this.#profiles.hold(direction, isolating, pod, (asked) => this.#peers.classesHaving(asked))
      if ((before === undefined) !== (local.profiles[direction] === undefined)) this.#isolationChanges++
      return before === undefined ? [] : [before]
    })
  }

  #enforce(changedPods: readonly LocalPod[]): void {
    const addresses = new Set<Address>(this.#peers.takeChangedAddresses())
    for (const { record } of changedPods) for (const address of record.pod.addresses) addresses.add(address)
    for (const address of addresses) this.#enforcement.set(address, this.#enforced(address))
  }

  #enforced(address: Address): Enforced | undefined {
    const claims = this.#peers.claims(address)
    const local = contenders(claims).filter((record) => this.#isLocal(record))
    const [first] = local.map(({ pod }) => podKey(pod)).sort()
    const owner = ownerOf(claims)
    if (owner === undefined || first === undefined) return undefined
    if (owner === 'contested' || owner.pod.faulty) return { pod: first, ingress: 'nothing', egress: 'nothing' }
    const profiles = this.#locals.pod(owner)?.profiles
    if (profiles?.ingress === undefined && profiles?.egress === undefined) return undefined
    return { pod: first, ingress: profiles.ingress, egress: profiles.egress }
  }
}

function* piecesOf(changes: readonly Change[]): Iterable<readonly Change[]> {
  for (let start = 0; start < changes.length; start += PIECE) yield changes.slice(start, start + PIECE)
}
