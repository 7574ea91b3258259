// A permission: what a class of peers may do to a pod. Port → set of policies; interned, so that all who may the same share it.
import type { PolicyKey, Protocol } from '../../cluster/objects.ts'
import { getOrAdd } from '../../base/collections.ts'
import type { CounterName, Key } from '../../nftables/content.ts'
import type { Direction } from '../../policy/types.ts'
import { counterName } from '../counter-names.ts'
import { IdPool } from '../ids.ts'
import { permissionKey, portKey, portRangeKey } from '../../nftables/keys.ts'
import type { ContentStore } from '../store.ts'

/** One policy allows these ports of the destination; no protocol: every packet. */
export interface Grant {
  readonly policy: PolicyKey
  readonly ports: { readonly protocol: Protocol; readonly first: number; readonly last: number } | 'any'
}

interface Allowed {
  readonly protocol: Protocol
  readonly first: number
  readonly last: number
  readonly policies: readonly PolicyKey[]
}

/**
 * A permission's meaning in canonical form: equal meanings have equal keys. The kernel asks `ports`, then `ranges`, then
 * `everything`, and the first answer counts: each one names all policies that allow what it answers for.
 */
export interface PermissionContent {
  readonly key: string
  readonly direction: Direction
  readonly ports: readonly Allowed[]
  readonly ranges: readonly Allowed[]
  readonly everything: readonly PolicyKey[]
}

/** Ports of all ranges of one permission that are written out, so that a policy of many ranges does not become millions of elements. */
const WRITTEN_OUT = 512

/**
 * Ports of a range that is written out port by port. The kernel copies the whole set of ranges (pipapo) for every change of it:
 * with 1,800 ranges in it a change took 9 to 45 ms (bench/changes.ts), against 1 µs for each port in a hash.
 */
const NARROW = 64

const PROTOCOLS: readonly Protocol[] = ['SCTP', 'TCP', 'UDP']

/** @returns undefined where nothing is granted */
export function permissionOf(direction: Direction, grants: readonly Grant[]): PermissionContent | undefined {
  if (grants.length === 0) return undefined
  const everything = sorted(grants.filter(({ ports }) => ports === 'any').map(({ policy }) => policy))
  const allowed = PROTOCOLS.flatMap((protocol) => allowedPorts(protocol, grants, everything))
  const ports = allowed.filter(({ first, last }) => first === last)
  const ranges = allowed.filter(({ first, last }) => first !== last)
  return { key: JSON.stringify([direction, allowed, everything]), direction, ports, ranges, everything }
}

/** A number for each permission in use, and its elements in the kernel for as long as anybody uses it. */
export class Permissions {
  readonly #store: ContentStore
  readonly #ids = new IdPool()
  readonly #interned = new Map<string, { readonly id: number; uses: number }>()

  constructor(store: ContentStore) {
    this.#store = store
  }

  get size(): number {
    return this.#interned.size
  }

  use(content: PermissionContent): number {
    const known = this.#interned.get(content.key)
    if (known !== undefined) {
      known.uses++
      return known.id
    }
    const id = this.#ids.take()
    this.#interned.set(content.key, { id, uses: 1 })
    const counters = new CounterNames(content.direction)
    forEachElement(content, id, (set, key, policies) => {
      const counter = counters.of(policies)
      this.#store.holdCounter(counter, { kind: 'hits', direction: content.direction, policies })
      this.#store.put(set, key, counter)
    })
    return id
  }

  release(content: PermissionContent): void {
    const known = this.#interned.get(content.key)
    if (known === undefined || --known.uses > 0) return
    this.#interned.delete(content.key)
    this.#ids.giveBack(known.id)
    const counters = new CounterNames(content.direction)
    forEachElement(content, known.id, (set, key, policies) => {
      this.#store.remove(set, key)
      this.#store.dropCounter(counters.of(policies))
    })
  }
}

/** Names of one permission's counters: ports of one range share the list of policies, and a name costs a hash. */
class CounterNames {
  readonly #direction: Direction
  readonly #byPolicies = new Map<readonly PolicyKey[], CounterName>()

  constructor(direction: Direction) {
    this.#direction = direction
  }

  of(policies: readonly PolicyKey[]): CounterName {
    return getOrAdd(this.#byPolicies, policies, () => counterName({ kind: 'hits', direction: this.#direction, policies }))
  }
}

type PermissionSet = 'perm_ports' | 'perm_ranges' | 'perm_any'

function forEachElement(
  content: PermissionContent,
  id: number,
  visit: (set: PermissionSet, key: Key, policies: readonly PolicyKey[]) => void,
): void {
  for (const { protocol, first, policies } of content.ports) visit('perm_ports', portKey(id, protocol, first), policies)
  let left = WRITTEN_OUT
  for (const range of content.ranges) {
    const ports = range.last - range.first + 1
    const writtenOut = ports <= Math.min(NARROW, left)
    if (writtenOut) left -= ports
    if (writtenOut) forEachPort(content, range, (port) => visit('perm_ports', portKey(id, range.protocol, port), range.policies))
    else visit('perm_ranges', portRangeKey(id, range.protocol, range), range.policies)
  }
  if (content.everything.length > 0) visit('perm_any', permissionKey(id), content.everything)
}

/** The ports of a range, less those that stand alone already. */
function forEachPort(content: PermissionContent, { protocol, first, last }: Allowed, visit: (port: number) => void): void {
  const single = new Set(content.ports.filter((one) => one.protocol === protocol).map((one) => one.first))
  for (let port = first; port <= last; port++) if (!single.has(port)) visit(port)
}

/**
 * Disjoint ports and ranges of one protocol. Single ports stand beside the ranges that contain them (they are asked first),
 * so that a hundred ports inside one range do not cut it into a hundred pieces.
 */
function allowedPorts(protocol: Protocol, grants: readonly Grant[], everything: readonly PolicyKey[]): Allowed[] {
  const unlimited = new Set(everything) // ports of these would only cut the ranges of others into pieces that mean the same
  const numbered = grants.flatMap(({ policy, ports }) => {
    return ports === 'any' || ports.protocol !== protocol || unlimited.has(policy) ? [] : [{ policy, ...ports }]
  })
  if (numbered.length === 0) return []
  const segments = disjoint(numbered.filter(({ first, last }) => first !== last))
  const ranges = segments.map((segment) => ({ ...segment, protocol, policies: union(segment.policies, everything) }))
  const exact = new Map<number, PolicyKey[]>()
  for (const { first, last, policy } of numbered) if (first === last) exact.set(first, [...(exact.get(first) ?? []), policy])
  const singles = [...exact].sort(([a], [b]) => a - b).flatMap(([port, policies]) => {
    const around = at(ranges, port) ?? everything
    const all = union(policies, around)
    return all.length === around.length ? [] : [{ protocol, first: port, last: port, policies: all }]
  })
  const overridden = new Set(singles.map(({ first }) => first))
  return [...singles, ...ranges.filter(({ first, last }) => first !== last || !overridden.has(first))]
}

interface Segment {
  readonly first: number
  readonly last: number
  readonly policies: readonly PolicyKey[]
}

/** Cuts overlapping ranges at each other's ends; neighbours with equal policies are joined again. */
function disjoint(ranges: readonly { readonly first: number; readonly last: number; readonly policy: PolicyKey }[]): Segment[] {
  const cuts = [...new Set(ranges.flatMap(({ first, last }) => [first, last + 1]))].sort((a, b) => a - b)
  const starts = Map.groupBy(ranges, ({ first }) => first)
  const ends = Map.groupBy(ranges, ({ last }) => last + 1)
  const open = new Map<PolicyKey, number>()
  const segments: Segment[] = []
  for (const [index, first] of cuts.entries()) {
    for (const { policy } of starts.get(first) ?? []) open.set(policy, (open.get(policy) ?? 0) + 1)
    for (const { policy } of ends.get(first) ?? []) count(open, policy, -1)
    const end = cuts[index + 1]
    if (end !== undefined && open.size > 0) append(segments, { first, last: end - 1, policies: sorted([...open.keys()]) })
  }
  return segments
}

function count(open: Map<PolicyKey, number>, policy: PolicyKey, by: number): void {
  const now = (open.get(policy) ?? 0) + by
  if (now === 0) open.delete(policy)
  else open.set(policy, now)
}

function append(segments: Segment[], next: Segment): void {
  const before = segments.at(-1)
  if (before?.last === next.first - 1 && before.policies.join() === next.policies.join()) {
    segments[segments.length - 1] = { ...next, first: before.first }
  } else segments.push(next)
}

/** The policies of the range that holds `port` (binary search), or undefined. */
function at(ranges: readonly Allowed[], port: number): readonly PolicyKey[] | undefined {
  let low = 0
  let high = ranges.length - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    const range = ranges[middle]
    if (range === undefined || (range.first <= port && port <= range.last)) return range?.policies
    if (port < range.first) high = middle - 1
    else low = middle + 1
  }
  return undefined
}

function union(a: readonly PolicyKey[], b: readonly PolicyKey[]): readonly PolicyKey[] {
  return b.length === 0 ? sorted(a) : sorted([...a, ...b])
}

function sorted(policies: readonly PolicyKey[]): PolicyKey[] {
  return [...new Set(policies)].sort()
}
