// Predicates: everything that active rules ask about a peer. Interned by meaning, alive while an active policy asks.
import { getOrAdd } from '../../base/collections.ts'
import type { AddressRange } from '../../cluster/address.ts'
import { predecessor, successor } from '../../cluster/address.ts'
import type { Protocol } from '../../cluster/objects.ts'
import type { BlockPeer, NamedPortRef, NodePeer, PodPeer } from '../../policy/types.ts'
import type { Asked, BlockPredicate, NodePredicate, PodPredicate, PortName, PortPredicate, Predicate } from '../model.ts'

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

  /** @param namespace of the policy */
  usePods(peer: PodPeer, namespace: string): PodPredicate {
    const namespaces = peer.namespaces === 'own' ? { name: namespace } : peer.namespaces
    const key = `pods ${JSON.stringify([namespaces, peer.pods])}`
    return this.#use(key, (id) => ({ kind: 'pods', id, key, namespaces, pods: peer.pods }))
  }

  useNodes({ nodes }: NodePeer): NodePredicate {
    const key = `nodes ${JSON.stringify(nodes)}`
    return this.#use(key, (id) => ({ kind: 'nodes', id, key, nodes }))
  }

  useBlock(peer: BlockPeer): BlockPredicate {
    const ranges = without(peer.cidr, peer.except)
    const key = `block ${ranges.map(({ first, last }) => first + last).join('')}`
    return this.#use(key, (id) => ({ kind: 'block', id, key, ranges }))
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
