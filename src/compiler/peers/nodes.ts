// The cluster's nodes by address. A node's address is a peer like a pod's: what rules see of it are the labels of the nodes that have it.
import type { Address } from '../../cluster/address.ts'
import type { ClusterNode, Labels } from '../../cluster/objects.ts'
import { addTo, removeFrom } from '../../base/collections.ts'

const NO_NODES: readonly Labels[] = []

export class Nodes {
  readonly #byName = new Map<string, ClusterNode>()
  readonly #byAddress = new Map<Address, Set<ClusterNode>>()

  /** @returns addresses of which the nodes changed */
  set(name: string, node: ClusterNode | undefined): Set<Address> {
    const before = this.#byName.get(name)
    if (before !== undefined) for (const address of before.addresses) removeFrom(this.#byAddress, address, before)
    if (node === undefined) this.#byName.delete(name)
    else this.#enter(name, node)
    return new Set([...before?.addresses ?? [], ...node?.addresses ?? []])
  }

  /** Labels of each node that has an address. */
  at(address: Address): readonly Labels[] {
    const nodes = this.#byAddress.size === 0 ? undefined : this.#byAddress.get(address)
    return nodes === undefined ? NO_NODES : Array.from(nodes, ({ labels }) => labels)
  }

  #enter(name: string, node: ClusterNode): void {
    this.#byName.set(name, node)
    for (const address of node.addresses) addTo(this.#byAddress, address, node)
  }
}
