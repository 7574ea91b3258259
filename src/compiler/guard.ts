// Which veth belongs to which local pod, and the sets of the guard: a packet that enters from a pod's veth must carry that
// pod's address.
import { formatAddress, familyOf, type Address } from '../cluster/address.ts'
import { podKey, type Pod, type PodKey } from '../cluster/objects.ts'
import type { Veth } from '../cluster/veth.ts'
import type { Key, Value } from '../nftables/content.ts'
import type { SetName } from '../nftables/schema.ts'
import { interfaceKey } from './keys.ts'

/** A pod's veth, and the source addresses that may enter from it: the pod's own, whatever else is set inside the pod. */
export interface Binding {
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
 * @param localPods pods of this node
 */
export function bindPods(localPods: Iterable<Pod>, evidence: Evidence): Bindings {
  const own = Array.from(localPods).filter((pod) => !pod.hostNetwork && pod.addresses.length > 0)
  const claims = own.map((pod) => claimOf(pod, evidence))
  const chosen = choose(claims)
  const bindings = new Map<PodKey, Binding>()
  const unbound: Unbound[] = []
  for (const claim of claims) {
    const veth = chosen.get(claim)
    if (veth === undefined) unbound.push({ pod: podKey(claim.pod), why: whyUnbound(claim.pod, evidence) })
    else bindings.set(podKey(claim.pod), bindingOf(claim.pod, veth))
  }
  return { bindings, unbound }
}

/** The elements of the guard's sets: `veths`, `veth4`, `veth6` for routed veths, `ports`, `port4`, `port6` for bridge ports. */
export function guardElements(bindings: Bindings['bindings']): Map<SetName, Map<Key, Value>> {
  const elements = new Map<SetName, Map<Key, Value>>()
  const add = (set: SetName, key: Key): void => {
    const keys = elements.get(set) ?? new Map<Key, Value>()
    elements.set(set, keys.set(key, true))
  }
  for (const { ifname, bridged, addresses } of bindings.values()) {
    add(bridged ? 'ports' : 'veths', interfaceKey(ifname))
    for (const address of addresses) add(`${bridged ? 'port' : 'veth'}${familyOf(address)}`, interfaceKey(ifname, address))
  }
  return elements
}

export function evidenceOf(all: Iterable<Veth>): Evidence {
  const veths = Array.from(all)
  return {
    claims: new WeakMap(),
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

/** Pods with one candidate take it; it is then nobody's who has another; and so on until nothing changes. */
function choose(claims: readonly Claim[]): Map<Claim, Veth> {
  const chosen = new Map<Claim, Veth>()
  const open = new Set(claims)
  for (let before = -1; before !== chosen.size; ) {
    before = chosen.size
    const taken = new Set(chosen.values())
    for (const claim of open) {
      const free = claim.veths.length === 1 ? claim.veths : claim.veths.filter((veth) => !taken.has(veth))
      const [veth] = free
      if (veth === undefined || free.length > 1) continue
      chosen.set(claim, veth)
      open.delete(claim)
    }
  }
  return chosen
}

function bindingOf(pod: Pod, veth: Veth): Binding {
  return { ifname: veth.ifname, bridged: veth.bridge !== undefined, addresses: pod.addresses }
}

function whyUnbound(pod: Pod, { inside, routed, learned }: Evidence): string {
  const leads = pod.addresses.flatMap((address) => {
    const veths = inside.get(address) ?? routed.get(address) ?? learned.get(address) ?? []
    return veths.map(({ ifname }) => `${formatAddress(address)} to ${ifname}`)
  })
  if (leads.length > 0) return `its addresses lead to more than one veth: ${leads.join(', ')}`
  return `no veth on this node leads to ${pod.addresses.map(formatAddress).join(', ')}`
}
