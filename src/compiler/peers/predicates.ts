// Predicates: everything that active rules ask about a peer. Interned by meaning, alive while an active policy asks. All peers of a rule that
// are of one kind are one predicate: classes are as few as rules, not as peers.
import { getOrAdd } from '../../base/collections.ts'
import type { AddressRange } from '../../cluster/address.ts'
import { familyOf, predecessor, successor } from '../../cluster/address.ts'
import type { Protocol } from '../../cluster/objects.ts'
import type { BlockPeer, NamedPortRef, NodePeer, PodPeer } from '../../policy/types.ts'
import type { Asked, BlockPredicate, NodePredicate, PodPredicate, PodSelection, PortName, PortPredicate, Predicate } from '../model.ts'

interface Entry {
  readonly asked: Asked
  uses: number
}

/** Interns predicates. What came into use and what went out of use is collected until Peers takes it. */
export class Predicates {
  readonly #byKey = new Map<string, Entry>()
  readonly #ports = new Map<PortName, Map<number, PortPredicate>>()
  readonly #added = new Set<Asked>()
  readonly #idle = new Set<Asked>()
  #lastId = 0

  /** @param peers at least one. @param namespace of the policy */
  usePods(peers: readonly PodPeer[], namespace: string): PodPredicate {
    const byKey = new Map(peers.map((peer) => podSelection(peer, namespace)).map((each) => [each.key, each]))
    const any = [...byKey.values()].sort((a, b) => (a.key < b.key ? -1 : 1))
    const key = `pods ${any.map((each) => each.key).join('\n')}` // JSON has no line breaks
    return this.#use(key, (id) => ({ kind: 'pods', id, key, any }))
  }

  /** @param peers at least one */
  useNodes(peers: readonly NodePeer[]): NodePredicate {
    const byKey = new Map(peers.map(({ nodes }) => [JSON.stringify(nodes), nodes]))
    const key = `nodes ${[...byKey.keys()].sort().join('\n')}`
    return this.#use(key, (id) => ({ kind: 'nodes', id, key, any: [...byKey.values()] }))
  }

  /** @returns one for each family that has a block; a block whose excepts leave nothing of it has part in none */
  useBlocks(peers: readonly BlockPeer[]): BlockPredicate[] {
    const all = joined(peers.flatMap(({ cidr, except }) => without(cidr, except)))
    return ([4, 6] as const).flatMap((family) => {
      const ranges = all.filter(({ first }) => familyOf(first) === family)
      if (ranges.length === 0) return []
      const key = `block ${ranges.map(({ first, last }) => first + last).join('')}`
      return [this.#use(key, (id): BlockPredicate => ({ kind: 'block', id, key, ranges }))]
    })
  }

  useName({ name, protocol }: NamedPortRef): PortName {
    const key = `name ${protocol} ${name}`
    return this.#use(key, (id) => ({ kind: 'name', id, key, name, protocol }))
  }

  release(asked: Asked): void {
    const entry = this.#byKey.get(asked.key)
    if (entry !== undefined && --entry.uses === 0) this.#idle.add(asked)
  }

  /** The name in use of this protocol, if a rule uses it. */
  name(protocol: Protocol, name: string): PortName | undefined {
    const asked = this.#byKey.get(`name ${protocol} ${name}`)?.asked
    return asked?.kind === 'name' ? asked : undefined
  }

  port(name: PortName, port: number): PortPredicate {
    const ports = getOrAdd(this.#ports, name, () => new Map<number, PortPredicate>())
    return getOrAdd(ports, port, () => ({ kind: 'port', id: ++this.#lastId, name, port }))
  }

  portsOf(name: PortName): Iterable<PortPredicate> {
    return this.#ports.get(name)?.values() ?? []
  }

  /** What is asked now and was not asked when this was last called. */
  takeAdded(): Asked[] {
    const added = [...this.#added]
    this.#added.clear()
    return added
  }

  /** What holds of nobody any more, because nobody asks; it is forgotten. */
  takeRemoved(): Predicate[] {
    const removed = [...this.#idle].filter((asked) => this.#byKey.get(asked.key)?.uses === 0)
    this.#idle.clear()
    return removed.flatMap((asked): Predicate[] => {
      this.#byKey.delete(asked.key)
      this.#added.delete(asked)
      if (asked.kind !== 'name') return [asked]
      const ports = [...(this.#ports.get(asked)?.values() ?? [])]
      this.#ports.delete(asked)
      return ports
    })
  }

  #use<T extends Asked>(key: string, make: (id: number) => T): T {
    const entry = getOrAdd(this.#byKey, key, () => {
      const asked = make(++this.#lastId)
      this.#added.add(asked)
      return { asked, uses: 0 }
    })
    entry.uses++
    return entry.asked as T // a key belongs to one kind
  }
}

/** @param namespace of the peer's policy */
export function podSelection({ namespaces: named, pods }: PodPeer, namespace: string): PodSelection {
  const namespaces = named === 'own' ? { name: namespace } : named
  return { key: JSON.stringify([namespaces, pods]), namespaces, pods }
}

/** The same addresses as disjoint ascending ranges, neighbours joined, each family for itself. */
function joined(ranges: readonly AddressRange[]): AddressRange[] {
  const result: AddressRange[] = []
  for (const range of [...ranges].sort((a, b) => a.first.length - b.first.length || (a.first < b.first ? -1 : 1))) {
    const before = result.at(-1)
    const isApart = before?.first.length !== range.first.length || range.first > (successor(before.last) ?? before.last)
    if (before === undefined || isApart) result.push(range)
    else if (range.last > before.last) result[result.length - 1] = { first: before.first, last: range.last }
  }
  return result
}

/** A CIDR less its excepts, as disjoint ascending ranges; neighbours are joined, so that equal sets have equal ranges. */
export function without(cidr: AddressRange, except: readonly AddressRange[]): AddressRange[] {
  const holes = except.filter(({ first, last }) => first.length === cidr.first.length && last >= cidr.first && first <= cidr.last)
  const left: AddressRange[] = []
  let from: AddressRange['first'] | undefined = cidr.first
  for (const hole of holes.sort((a, b) => (a.first < b.first ? -1 : 1))) {
    if (from === undefined || hole.last < from) continue
    const before = predecessor(hole.first)
    if (before !== undefined && from < hole.first) left.push({ first: from, last: before })
    from = successor(hole.last)
  }
  if (from !== undefined && from <= cidr.last) left.push({ first: from, last: cidr.last })
  return left
}
