// Groups of like pods: selectors match groups, not pods.
import { getOrAdd, removeFrom } from '../../base/collections.ts'
import type { Labels } from '../../cluster/objects.ts'
import type { Alike, Group, Member, Signature } from '../model.ts'

/** The namespace of groups of which no pod is. */
export const NO_POD = ''

export class Groups {
  readonly #byNamespace = new Map<string, Map<string, Group>>()
  readonly #ofNodes = new Set<Group>()
  #size = 0

  get size(): number {
    return this.#size
  }

  /** Those of pods. */
  *ofPods(): Iterable<Group> {
    for (const [namespace, groups] of this.#byNamespace) if (namespace !== NO_POD) yield* groups.values()
  }

  /** Those of the addresses of nodes. */
  ofNodes(): Iterable<Group> {
    return this.#ofNodes
  }

  inNamespace(namespace: string): Iterable<Group> {
    return this.#byNamespace.get(namespace)?.values() ?? []
  }

  /** The group of a pod or of a node's address, held until `release`. @param sign gives a new group its signature */
  hold(alike: Alike, sign: (alike: Alike) => Signature): Group {
    const { namespace, labels, ports, nodes } = alike
    const key = groupKey(alike)
    const groups = getOrAdd(this.#byNamespace, namespace, () => new Map<string, Group>())
    const known = groups.get(key)
    if (known !== undefined) {
      known.holders++
      return known
    }
    const signature = sign(alike)
    const group: Group = { key, namespace, labels, ports, nodes, members: new Set<Member>(), holders: 1, signature }
    signature.groups.add(group)
    if (nodes.length > 0) this.#ofNodes.add(group)
    groups.set(key, group)
    this.#size++
    return group
  }

  /** @returns whether this was the last holder of the group, which is gone then */
  release(group: Group): boolean {
    if (--group.holders > 0) return false
    this.#ofNodes.delete(group)
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
function groupKey({ labels, ports, nodes }: Alike): string {
  const key = JSON.stringify([sortedLabels(labels), ports.flatMap(({ name, protocol, port }) => [name, protocol, port])])
  return nodes.length === 0 ? key : key + nodes.map((each) => JSON.stringify(sortedLabels(each))).sort().join()
}

function sortedLabels(labels: Labels): (string | undefined)[] {
  return Object.keys(labels).sort().flatMap((name) => [name, labels[name]])
}
