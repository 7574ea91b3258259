// The kernel's judgement without a kernel: what the program (judgement.ts) does with a content for the first packet of one connection,
// look-up by look-up. Tests, dry runs and whatever judges a tuple in user space use this one.
import { type Address, familyOf } from '../cluster/address.ts'
import type { Protocol } from '../cluster/objects.ts'
import type { Content, CounterName, Key, Value } from './content.ts'
import { addressKey, numberKey, pairKey, portKey, selfKey } from './keys.ts'
import { ORDERED, type Outcome, outcomeOf } from './numbers.ts'
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
  readonly outcome: Outcome
  /** Every counter that the packet hits, in order; none: it is not judged, or allowed without a policy's word. */
  readonly counters: readonly CounterName[]
}

export interface Lookup {
  readonly allowed: boolean
  readonly egress: Judged
  readonly ingress: Judged
}

type Short = 'in' | 'out'
type Ends = Readonly<Record<'local' | 'remote', Address>>

const PASSED: Judged = { outcome: 'accept', counters: [] }

/** Judges both directions, as chain `forward` calls them. */
export function lookup(content: Content, tuple: Tuple): Lookup {
  const egress = judge(content, 'out', tuple, { local: tuple.source, remote: tuple.destination })
  const ingress = judge(content, 'in', tuple, { local: tuple.destination, remote: tuple.source })
  return { allowed: egress.outcome === 'accept' && ingress.outcome === 'accept', egress, ingress }
}

/** Judges what a pod sends to the node itself, as chain `input` does: isolation drops nothing there. */
export function lookupOwn(content: Content, tuple: Tuple): Lookup {
  const { source: local, destination: remote } = tuple
  const isJudged = has(content, `own_judged${familyOf(local)}`, addressKey(local))
  const egress = isJudged ? withoutIsolation(decide(content, listOf(content, 'out', { local, remote }), tuple)) : PASSED
  const denied = withDenial(content, 'out', local, egress)
  return { allowed: denied.outcome === 'accept', egress: denied, ingress: PASSED }
}

function judge(content: Content, short: Short, tuple: Tuple, ends: Ends): Judged {
  const { local, remote } = ends
  if (!has(content, `${short}_judged${familyOf(local)}`, addressKey(local))) return PASSED
  const judged = decide(content, listOf(content, short, ends), tuple)
  const isItself = local === remote && has(content, `self${familyOf(local)}`, selfKey(local))
  return withDenial(content, short, local, isItself ? withoutIsolation(judged) : judged)
}

/** The number of the list that the other end's class has for the local address. */
function listOf(content: Content, short: Short, { local, remote }: Ends): number {
  const family = familyOf(local)
  const peerClass = get(content, `class${family}`, addressKey(remote)) ?? inRange(content, `cidr${family}`, remote)
  const pair = peerClass === undefined ? undefined : get(content, `${short}_pair${family}`, pairKey(Number(peerClass), local))
  return Number(pair ?? get(content, `${short}_default${family}`, addressKey(local)) ?? 0)
}

function decide(content: Content, list: number, tuple: Tuple): Judged {
  if ((list & ORDERED) === 0) {
    const counter = entry(content, 'verdict', list, tuple)
    return counter === undefined ? { outcome: 'isolation', counters: [] } : { outcome: 'accept', counters: [counter as CounterName] }
  }
  const verdict = entry(content, 'ordered', list, tuple)
  if (verdict === undefined) return PASSED
  const counter = get(content, 'ordered_counters', numberKey(Number(verdict)))
  return { outcome: outcomeOf(Number(verdict)), counters: counter === undefined ? [] : [counter as CounterName] }
}

/** A list's entry: for the port alone, for a range around it, or for everything. */
function entry(content: Content, kind: 'verdict' | 'ordered', list: number, { protocol, port }: Tuple): Value | undefined {
  const everything = get(content, `${kind}_any`, numberKey(list))
  if (protocol === 'other') return everything
  const key = portKey(list, protocol, port)
  return get(content, `${kind}_ports`, key) ?? inRange(content, `${kind}_ranges`, key) ?? everything
}

function withoutIsolation(judged: Judged): Judged {
  return judged.outcome === 'isolation' ? { ...judged, outcome: 'accept' } : judged
}

/** Adds the pod's counter of denials. */
function withDenial(content: Content, short: Short, local: Address, judged: Judged): Judged {
  const { outcome, counters } = judged
  if (outcome === 'accept') return judged
  const map = outcome === 'isolation' ? (`${short}_deny${familyOf(local)}` as const) : (`${short}_deny_${outcome}${familyOf(local)}` as const)
  const counter = get(content, map, addressKey(local))
  return counter === undefined ? judged : { outcome, counters: [...counters, counter as CounterName] }
}

function has(content: Content, set: SetName, key: Key): boolean {
  return get(content, set, key) !== undefined
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
