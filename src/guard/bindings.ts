// Which veth belongs to which local pod, and the sets of the guard: a packet that enters from a pod's veth must carry that
// pod's address.
import { formatAddress, familyOf, type Address } from '../cluster/address.ts'
import { podKey, type Pod, type PodKey } from '../cluster/objects.ts'
import type { Veth } from '../cluster/veth.ts'
import { interfaceKey } from '../nftables/keys.ts'
import { addElement, type GuardSets } from './elements.ts'

/** A pod's veth, and the source addresses that may enter from it: the pod's own, whatever else is set inside the pod. */
export interface Binding {
  /** Of the pod: the next one of the same name is another. */
  readonly uid: string
  readonly ifindex: number
  readonly ifname: string
  /** The veth is a port of a bridge. */
  readonly bridged: boolean
  readonly addresses: readonly Address[]
}

/** A pod without a guard: its policies hold by its address alone. */
export interface Unbound {
  readonly pod: PodKey
  /** For people, and what to do where there is something to do. */
  readonly why: string
}

export interface Bindings {
  readonly bindings: ReadonlyMap<PodKey, Binding>
  readonly unbound: readonly Unbound[]
}

/** Address → the veths it leads to, by where the knowledge comes from. Good until a veth changes. */
export interface Evidence {
  readonly veths: ReadonlyMap<number, Veth>
  readonly inside: VethIndex
  readonly routed: VethIndex
  readonly learned: VethIndex
  /** What was found for a pod object before. */
  readonly claims: WeakMap<Pod, Claim>
}

type VethIndex = ReadonlyMap<Address, readonly Veth[]>

interface Claim {
  readonly pod: Pod
  /** The veths that all of the pod's known addresses lead to. */
  readonly veths: readonly Veth[]
}

/**
 * Finds the veth of each pod with an address; pods that share the node's network have none. All of a pod's addresses must
 * lead to one veth: by what is set inside the pod, else by the node's host routes, else by what the node learned from
 * packets. Where several may be meant (a pod may set another's address inside itself) host routes decide, and then veths
 * that certainly belong to another pod are out. Two pods may get one veth: an address that is given to the next pod before
 * the last one's object is gone.
 *
 * Once bound, a pod stays bound as long as it and the veth are there, whatever the evidence says later: a pod with NET_ADMIN
 * can change what is set inside it. And nobody else gets that veth, unless both pods show the same address.
 * @param localPods pods of this node
 * @param previous what this returned before
 */
export function bindPods(localPods: Iterable<Pod>, evidence: Evidence, previous: Bindings['bindings'] = new Map()): Bindings {
  const own = Array.from(localPods).filter((pod) => !pod.hostNetwork && pod.addresses.length > 0)
  const claims = own.map((pod) => claimOf(pod, evidence))
  const kept = keep(claims, evidence, previous)
  const chosen = choose(claims, kept)
  const bindings = new Map<PodKey, Binding>()
  const unbound: Unbound[] = []
  for (const claim of claims) {
    const veth = chosen.get(claim)
    if (veth === undefined) unbound.push({ pod: podKey(claim.pod), why: whyUnbound(claim.pod, evidence) })
    else bindings.set(podKey(claim.pod), bindingOf(claim.pod, veth))
  }
  return { bindings, unbound }
}

/**
 * Whether policies judge what comes to a pod, what it sends, or what it sends to its own node. They judge by its address, so what does
 * not name that must not pass by them.
 */
export type IsJudged = (pod: PodKey, way: 'in' | 'out' | 'own') => boolean

/** The sets of veths that are closed, and the way in which their pods are judged. */
const CLOSED = {
  bridged: [{ set: 'closed', way: 'in' }, { set: 'closed_out', way: 'out' }],
  routed: [{ set: 'closed_own', way: 'own' }],
} as const

/**
 * The elements of the guard's sets: `veths`, `veth4`, `veth6`, `closed_own` for routed veths, `ports`, `port4`, `port6`, `closed`,
 * `closed_out` for bridge ports.
 */
export function guardElements(bindings: Bindings['bindings'], isJudged: IsJudged): GuardSets {
  const elements: GuardSets = new Map()
  for (const [pod, { ifname, bridged, addresses }] of bindings) {
    addElement(elements, bridged ? 'ports' : 'veths', interfaceKey(ifname))
    for (const { set, way } of bridged ? CLOSED.bridged : CLOSED.routed) if (isJudged(pod, way)) addElement(elements, set, interfaceKey(ifname))
    for (const address of addresses) addElement(elements, `${bridged ? 'port' : 'veth'}${familyOf(address)}`, interfaceKey(ifname, address))
  }
  return elements
}

export function evidenceOf(all: Iterable<Veth>): Evidence {
  const veths = Array.from(all)
  return {
    claims: new WeakMap(),
    veths: new Map(veths.map((veth) => [veth.ifindex, veth])),
    inside: indexBy(veths, ({ addresses }) => addresses),
    routed: indexBy(veths, ({ routed }) => routed),
    learned: indexBy(veths, ({ learned }) => learned),
  }
}

function indexBy(veths: readonly Veth[], addressesOf: (veth: Veth) => readonly Address[]): VethIndex {
  const index = new Map<Address, Veth[]>()
  for (const veth of veths) {
    for (const address of addressesOf(veth)) index.set(address, [...(index.get(address) ?? []), veth])
  }
  return index
}

function claimOf(pod: Pod, evidence: Evidence): Claim {
  const known = evidence.claims.get(pod)
  if (known !== undefined) return known
  const claim = { pod, veths: candidates(pod, evidence) }
  evidence.claims.set(pod, claim)
  return claim
}

function candidates(pod: Pod, { inside, routed, learned }: Evidence): readonly Veth[] {
  const byInside = common(pod, inside)
  const byRoute = common(pod, routed)
  if (byRoute?.length === 1 && byInside?.length !== 1) return byRoute
  return byInside ?? byRoute ?? common(pod, learned) ?? []
}

/** The veths that each known address of the pod leads to. @returns undefined if none of its addresses is known */
function common(pod: Pod, index: VethIndex): readonly Veth[] | undefined {
  const known = pod.addresses.flatMap((address) => {
    const veths = index.get(address)
    return veths === undefined ? [] : [veths]
  })
  return known[0]?.filter((veth) => known.every((veths) => veths.includes(veth)))
}

/** The veths of pods that were bound before. */
function keep(claims: readonly Claim[], { veths }: Evidence, previous: Bindings['bindings']): Map<Claim, Veth> {
  const kept = new Map<Claim, Veth>()
  for (const claim of claims) {
    const binding = previous.get(podKey(claim.pod))
    const veth = binding?.uid === claim.pod.uid ? veths.get(binding.ifindex) : undefined
    if (veth !== undefined) kept.set(claim, veth)
  }
  return kept
}

/** Pods with one candidate take it; it is then nobody's who has another; and so on until nothing changes. */
function choose(claims: readonly Claim[], kept: ReadonlyMap<Claim, Veth>): Map<Claim, Veth> {
  const chosen = new Map(kept)
  const candidates = new Map(claims.filter((claim) => !kept.has(claim)).map((claim) => [claim, notKept(claim, kept)]))
  for (let before = -1; before !== chosen.size; ) {
    before = chosen.size
    const taken = new Set(chosen.values())
    for (const [claim, veths] of candidates) {
      const free = veths.length === 1 ? veths : veths.filter((veth) => !taken.has(veth))
      const [veth] = free
      if (veth === undefined || free.length > 1) continue
      chosen.set(claim, veth)
      candidates.delete(claim)
    }
  }
  return chosen
}

/** A claim's veths without those that another pod keeps, if it is one with other addresses. */
function notKept({ pod, veths }: Claim, kept: ReadonlyMap<Claim, Veth>): readonly Veth[] {
  const isAnothers = (veth: Veth): boolean =>
    Array.from(kept).some(([other, its]) => its === veth && !other.pod.addresses.some((address) => pod.addresses.includes(address)))
  return veths.filter((veth) => !isAnothers(veth))
}

function bindingOf(pod: Pod, veth: Veth): Binding {
  return { uid: pod.uid, ifindex: veth.ifindex, ifname: veth.ifname, bridged: veth.bridge !== undefined, addresses: pod.addresses }
}

function whyUnbound(pod: Pod, { inside, routed, learned }: Evidence): string {
  const leads = pod.addresses.flatMap((address) => {
    const veths = inside.get(address) ?? routed.get(address) ?? learned.get(address) ?? []
    return veths.map(({ ifname }) => ({ ifname, text: `${formatAddress(address)} to ${ifname}` }))
  })
  const list = leads.map(({ text }) => text).join(', ')
  if (new Set(leads.map(({ ifname }) => ifname)).size > 1) return `its addresses lead to more than one veth: ${list}`
  if (leads.length > 0) return `its addresses lead to a veth that is another pod's: ${list}`
  return `no veth on this node leads to ${pod.addresses.map(formatAddress).join(', ')}`
}
