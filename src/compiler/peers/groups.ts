// Groups of like pods: selectors match groups, not pods.
import { getOrAdd, removeFrom } from '../../base/collections.ts'
import type { Pod } from '../../cluster/objects.ts'
import type { Alike, Group, Member, Signature } from '../model.ts'

export class Groups {
  readonly #byNamespace = new Map<string, Map<string, Group>>()
  #size = 0

  get size(): number {
    return this.#size
  }

  *all(): Iterable<Group> {
    for (const groups of this.#byNamespace.values()) yield* groups.values()
  }

  inNamespace(namespace: string): Iterable<Group> {
    return this.#byNamespace.get(namespace)?.values() ?? []
  }

  /** The group of a pod, held until `release`. @param sign gives a new group its signature */
  hold(pod: Pod, sign: (like: Alike) => Signature): Group {
    const { namespace, labels, ports } = pod
    const key = groupKey(pod)
    const groups = getOrAdd(this.#byNamespace, namespace, () => new Map<string, Group>())
    const known = groups.get(key)
    if (known !== undefined) {
      known.pods++
      return known
    }
    const signature = sign({ namespace, labels, ports })
    const group: Group = { key, namespace, labels, ports, members: new Set<Member>(), pods: 1, signature }
    signature.groups.add(group)
    groups.set(key, group)
    this.#size++
    return group
  }

  /** @returns whether this was the last pod of the group, which is gone then */
  release(group: Group): boolean {
    if (--group.pods > 0) return false
    removeFrom(this.#byNamespace, group.namespace, group.key)
    group.signature.groups.delete(group)
    this.#size--
    return true
  }
}

export function join(group: Group, member: Member): void {
  group.members.add(member)
  group.signature.addresses++
}

export function leave(group: Group, member: Member): void {
  group.members.delete(member)
  group.signature.addresses--
}

/** Within a namespace. */
function groupKey({ labels, ports }: Pod): string {
  const named = Object.keys(labels).sort().flatMap((name) => [name, labels[name]])
  return JSON.stringify([named, ports.flatMap(({ name, protocol, port }) => [name, protocol, port])])
}
