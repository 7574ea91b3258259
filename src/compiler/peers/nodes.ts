// The cluster's nodes by address. A node's address is a peer like a pod's: what rules see of it are the labels of the nodes that have it.
import type { Address } from '../../cluster/address.ts'
import type { ClusterNode, Labels } from '../../cluster/objects.ts'
import { getOrAdd } from '../../base/collections.ts'

const NO_NODES: readonly Labels[] = []

export class Nodes {
  readonly #byName = new Map<string, ClusterNode>()
  readonly #byAddress = new Map<Address, Set<ClusterNode>>()

  /** @returns addresses of which the nodes changed */
  set(name: string, node: ClusterNode | undefined): Set<Address> {
    const before = this.#byName.get(name)
    if (node === undefined) this.#byName.delete(name)
    else this.#byName.set(name, node)
    for (const address of before?.addresses ?? []) this.#remove(address, before)
    for (const address of node?.addresses ?? []) if (node !== undefined) getOrAdd(this.#byAddress, address, () => new Set<ClusterNode>()).add(node)
    return new Set([...before?.addresses ?? [], ...node?.addresses ?? []])
  }

  /** Labels of each node that has an address. */
  at(address: Address): readonly Labels[] {
    const nodes = this.#byAddress.size === 0 ? undefined : this.#byAddress.get(address)
    return nodes === undefined ? NO_NODES : Array.from(nodes, ({ labels }) => labels)
  }

  #remove(address: Address, node: ClusterNode | undefined): void {
    const nodes = this.#byAddress.get(address)
    if (node !== undefined) nodes?.delete(node)
    if (nodes?.size === 0) this.#byAddress.delete(address)
  }
}
