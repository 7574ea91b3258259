// The kernel's judgement without a kernel: what the program (judgement.ts) does with a content for the first packet of one connection,
// look-up by look-up. Tests, dry runs and whatever judges a tuple in user space use this one.
import { type Address, familyOf } from '../cluster/address.ts'
import type { Protocol } from '../cluster/objects.ts'
import type { Content, CounterName, Key, Value } from './content.ts'
import type { ShortDirection, TierName } from './judgement.ts'
import { addressKey, numberKey, pairKey, portKey, selfKey } from './keys.ts'
import { outcomeOf, TIERS } from './numbers.ts'
import type { SetName } from './schema.ts'

/** The first packet of a connection, as the hook sees it: after service DNAT, before masquerade. */
export interface Tuple {
  readonly source: Address
  readonly destination: Address
  /** 'other': a protocol without ports that policies know, such as ICMP. */
  readonly protocol: Protocol | 'other'
  /** Destination port; ignored for 'other'. */
  readonly port: number
}

/** One direction of a tuple. */
export interface Judged {
  /** What denies; 'commit': one that fell into the judgement, after which the kernel judges the packet again; undefined: it is accepted. */
  readonly deniedBy: TierName | 'isolation' | 'commit' | undefined
  /** Every counter that the packet hits, in order. */
  readonly counters: readonly CounterName[]
}

export interface Lookup {
  readonly allowed: boolean
  readonly egress: Judged
  readonly ingress: Judged
}

/** One direction of a tuple as the kernel asks it. */
interface Query extends Tuple {
  readonly content: Content
  readonly short: ShortDirection
  readonly local: Address
  readonly remote: Address
}

const ACCEPTED: Judged = { deniedBy: undefined, counters: [] }
const CHANGED: Judged = { deniedBy: 'commit', counters: [] }
/** nft's "none": NetworkPolicies are asked for a list of this number if there is none. */
const NO_LIST = 0

/** Judges both directions, as chain `forward` calls them. */
export function lookup(content: Content, tuple: Tuple): Lookup {
  const egress = judge({ ...tuple, content, short: 'out', local: tuple.source, remote: tuple.destination })
  const ingress = judge({ ...tuple, content, short: 'in', local: tuple.destination, remote: tuple.source })
  return { allowed: egress.deniedBy === undefined && ingress.deniedBy === undefined, egress, ingress }
}

/** Judges what a pod sends to the node itself, as chain `input` does: only tiers deny there. */
export function lookupOwn(content: Content, tuple: Tuple): Lookup {
  const query: Query = { ...tuple, content, short: 'out', local: tuple.source, remote: tuple.destination }
  const egress = judgeOwn(query)
  return { allowed: egress.deniedBy === undefined, egress, ingress: ACCEPTED }
}

function judgeOwn(query: Query): Judged {
  if (get(query.content, `own_judged${familyOf(query.local)}`, addressKey(query.local)) === undefined) return ACCEPTED
  const tiers = tiersOf(query)
  if (tiers === undefined) return CHANGED
  return judgeByTiers(query, tiers, () => (tiersOf(query) === undefined ? judgeByBaseline(query) : ACCEPTED))
}

function judge(query: Query): Judged {
  if (get(query.content, `${query.short}_judged${familyOf(query.local)}`, addressKey(query.local)) === undefined) return ACCEPTED
  const tiers = tiersOf(query)
  return tiers === undefined ? judgeByNetworkPolicies(query) : judgeByTiers(query, tiers, () => judgeByNetworkPolicies(query))
}

function judgeByTiers(query: Query, tiers: Value, ifIsolated: () => Judged): Judged {
  const admin = tiers === TIERS.baselineAlone ? { ...ACCEPTED, isDecided: false } : askTier(query, 'admin')
  if (admin.isDecided) return admin
  const { deniedBy, counters } = isIsolated(query) ? ifIsolated() : judgeByBaseline(query)
  return { deniedBy, counters: [...admin.counters, ...counters] }
}

function judgeByBaseline(query: Query): Judged {
  const baseline = askTier(query, 'baseline')
  if (baseline.isDecided) return baseline
  return isIsolated(query) || tiersOf(query) === undefined ? { ...baseline, deniedBy: 'commit' } : baseline
}

function isIsolated({ content, short, local }: Query): boolean {
  return get(content, `${short}_isolated${familyOf(local)}`, addressKey(local)) !== undefined
}

/** The tiers that judge the local address. */
function tiersOf({ content, short, local }: Query): Value | undefined {
  return get(content, `${short}_tiers${familyOf(local)}`, addressKey(local))
}

function askTier(query: Query, tier: TierName): Judged & { readonly isDecided: boolean } {
  const { content, short } = query
  const maps = { stage: 'tier_', pair: `${short}_${tier}`, byDefault: `${short}_${tier}_default` } as const
  const list = listOf(query, maps)
  const verdict = list === undefined ? undefined : entry(query, 'tier', list)
  if (verdict === undefined) return { ...ACCEPTED, isDecided: false }
  const counter = get(content, 'tier_counters', numberKey(Number(verdict)))
  const counters = counter === undefined ? [] : [counter as CounterName]
  const outcome = outcomeOf(Number(verdict))
  if (outcome !== 'deny') return { deniedBy: undefined, counters, isDecided: outcome === 'accept' }
  return { ...denied(query, tier, counters), isDecided: true }
}

function judgeByNetworkPolicies(query: Query): Judged {
  const { content, short, source, destination } = query
  const list = listOf(query, { stage: '', pair: `${short}_pair`, byDefault: `${short}_default` })
  const counter = entry(query, 'verdict', list ?? NO_LIST)
  if (counter !== undefined) return { deniedBy: undefined, counters: [counter as CounterName] }
  const isItself = get(content, `self${familyOf(source)}`, selfKey(source, destination)) !== undefined
  return isItself ? ACCEPTED : denied(query, 'isolation', [])
}

/** Adds the pod's counter of denials. */
function denied({ content, short, local }: Query, by: TierName | 'isolation', before: readonly CounterName[]): Judged {
  const map = by === 'isolation' ? (`${short}_deny${familyOf(local)}` as const) : (`${short}_deny_${by}${familyOf(local)}` as const)
  const counter = get(content, map, addressKey(local))
  return { deniedBy: by, counters: counter === undefined ? before : [...before, counter as CounterName] }
}

interface Maps {
  readonly stage: '' | 'tier_'
  readonly pair: `${ShortDirection}_${'pair' | TierName}`
  readonly byDefault: `${ShortDirection}_${'' | `${TierName}_`}default`
}

/** The number of the list that the other end's class has for the local address; undefined: there is none, not even by default. */
function listOf({ content, local, remote }: Query, { stage, pair, byDefault }: Maps): number | undefined {
  const family = familyOf(local)
  const peerClass = get(content, `${stage}class${family}`, addressKey(remote)) ?? inRange(content, `${stage}cidr${family}`, remote)
  const list = peerClass === undefined ? undefined : get(content, `${pair}${family}`, pairKey(Number(peerClass), local))
  const found = list ?? get(content, `${byDefault}${family}`, addressKey(local))
  return found === undefined ? undefined : Number(found)
}

/** A list's entry: for the port alone, for a range around it, or for everything. */
function entry({ content, protocol, port }: Query, kind: 'verdict' | 'tier', list: number): Value | undefined {
  const key = protocol === 'other' ? undefined : portKey(list, protocol, port)
  const forPort = key === undefined ? undefined : get(content, `${kind}_ports`, key) ?? inRange(content, `${kind}_ranges`, key)
  return forPort ?? get(content, `${kind}_any`, numberKey(list))
}

function get(content: Content, set: SetName, key: Key): Value | undefined {
  return content.sets.get(set)?.get(key)
}

/** Concatenations compare field by field; only the port is ever a true range, so comparing the bytes does. */
function inRange(content: Content, set: SetName, key: string): Value | undefined {
  for (const [range, value] of content.sets.get(set) ?? []) {
    if (range.slice(0, key.length) <= key && key <= range.slice(key.length)) return value
  }
  return undefined
}
