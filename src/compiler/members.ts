// Groups of like pods, and the addresses they hold. Selectors match groups; packets carry addresses.
import { addTo, removeFrom } from '../collections.ts'
import type { Address } from '../cluster/address.ts'
import type { Labels, NamedPort, Pod, PodKey } from '../cluster/objects.ts'
import type { Atom } from './atoms.ts'
import type { Class } from './classes.ts'
import type { Signature } from './signatures.ts'

/** Pods of one namespace with the same labels and the same named ports: no rule can tell them apart but by address. */
export interface Group {
  readonly key: string
  readonly namespace: string
  readonly labels: Labels
  readonly ports: readonly NamedPort[]
  readonly members: Set<Member>
  /** Pods that hold on to the group, with or without an address. */
  pods: number
  signature: Signature
}

/** A pod as the compiler keeps it; labels and ports are those of its group, so that they are in memory once. */
export interface PodRecord {
  readonly key: PodKey
  readonly pod: Pod
  /** undefined: no selector may match it (host network, faulty). */
  readonly group: Group | undefined
}

/** An address of the cluster. */
export interface Member {
  readonly address: Address
  /** The pods that say it is theirs. */
  claims: readonly PodRecord[]
  /** The group of the pod that owns the address; undefined while it is nobody's, or contested. */
  group: Group | undefined
  /** Known while the address is in a class. */
  atom: Atom | undefined
  /** The class that the kernel has for this address; undefined: no rule asks anything about its pod. */
  class: Class | undefined
}

/** Groups by key and by namespace. */
export class Groups {
  readonly #byKey = new Map<string, Group>()
  readonly #byNamespace = new Map<string, Set<Group>>()

  get size(): number {
    return this.#byKey.size
  }

  all(): Iterable<Group> {
    return this.#byKey.values()
  }

  inNamespace(namespace: string): Iterable<Group> {
    return this.#byNamespace.get(namespace) ?? []
  }

  /** The group of a pod, held until `release`. @param sign gives a new group its signature */
  hold(pod: Pod, sign: (group: Omit<Group, 'signature'>) => Signature): Group {
    const key = groupKey(pod)
    const known = this.#byKey.get(key)
    if (known !== undefined) {
      known.pods++
      return known
    }
    const unsigned = { key, namespace: pod.namespace, labels: pod.labels, ports: pod.ports, members: new Set<Member>(), pods: 1 }
    const group: Group = Object.assign(unsigned, { signature: sign(unsigned) })
    group.signature.groups.add(group)
    this.#byKey.set(key, group)
    addTo(this.#byNamespace, group.namespace, group)
    return group
  }

  /** @returns whether this was the last pod of the group, which is gone then */
  release(group: Group): boolean {
    if (--group.pods > 0) return false
    this.#byKey.delete(group.key)
    removeFrom(this.#byNamespace, group.namespace, group)
    group.signature.groups.delete(group)
    return true
  }
}

function groupKey(pod: Pod): string {
  const labels = Object.keys(pod.labels).sort().map((name) => [name, pod.labels[name]])
  const ports = pod.ports.map(({ name, protocol, port }) => [name, protocol, port])
  return JSON.stringify([pod.namespace, labels, ports])
}
