// Groups of like pods: selectors match groups, not pods.
import { addTo, removeFrom } from '../collections.ts'
import type { Pod } from '../cluster/objects.ts'
import type { Alike, Group, Member, Signature } from './model.ts'

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
  hold(pod: Pod, sign: (like: Alike) => Signature): Group {
    const key = groupKey(pod)
    const known = this.#byKey.get(key)
    if (known !== undefined) {
      known.pods++
      return known
    }
    const { namespace, labels, ports } = pod
    const signature = sign({ namespace, labels, ports })
    const group: Group = { key, namespace, labels, ports, members: new Set<Member>(), pods: 1, signature }
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
