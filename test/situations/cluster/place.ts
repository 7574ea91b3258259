// Where the situations of ClusterNetworkPolicies happen: nine pods on two nodes, and a host outside the cluster.
import type { Address } from '../../../src/cluster/address.ts'
import type { Flow } from '../../../src/policy/verdict.ts'
import { type Cell, inFamily, packetOf, pairs, podAddress } from '../cells.ts'
import { type End, PODS, type Place, slotOf } from '../fixture.ts'
import { type Check, isPod, type Story } from '../situation.ts'

interface Addresses {
  readonly v4: Address
  readonly v6: Address
}

export interface NodePlace extends Addresses {
  /** As in spec.nodeName of its pods. */
  readonly name: string
  /** An address of the node that its object does not have. */
  readonly gateway: Addresses
}

/** Pods of namespace x are on the first node. */
export interface ClusterPlace extends Place {
  readonly nodes: readonly [NodePlace, NodePlace]
  readonly outside: Addresses
}

export type ClusterStory = Story<ClusterPlace>

/** Nodes answer to these alone. */
export const NODE_PORTS = [80, 81]

/** Everything that a check is about. */
export function cellsOf({ protocol, port }: Check): Cell[] {
  const toNodes = protocol === 'ICMP' || (protocol === 'TCP' && NODE_PORTS.includes(port))
  const destinations: readonly End[] = [...PODS, 'outside', ...(toNodes ? (['node0', 'node1', 'gateway'] as const) : [])]
  return [...pairs(PODS, destinations), ...pairs(['outside'], PODS)]
}

export function addressOf(place: ClusterPlace, end: End, nearby: End = end): Address {
  if (isPod(end)) return podAddress(place, end)
  if (end === 'outside') return inFamily(place.outside, place.family)
  if (end === 'gateway') return inFamily(homeOf(place, nearby).gateway, place.family)
  return inFamily(nodeOf(place, end), place.family)
}

/** What the first packet of a cell is. */
export function flowOf(place: ClusterPlace, { from, to }: Cell, check: Check): Flow {
  const isNode = to === 'node0' || to === 'node1'
  return {
    source: addressOf(place, from),
    destination: addressOf(place, to, from),
    isForOwnNode: to === 'gateway' || (isNode && nodeOf(place, to) === homeOf(place, from)),
    ...packetOf(check),
  }
}

export function nodeOf({ nodes }: ClusterPlace, end: 'node0' | 'node1'): NodePlace {
  return nodes[end === 'node0' ? 0 : 1]
}

/** The node that a pod is on. */
export function homeOf(place: ClusterPlace, end: End): NodePlace {
  const home = isPod(end) ? place.nodes.find(({ name }) => name === slotOf(place, end).node) : undefined
  if (home === undefined) throw new Error(`${end} is on neither node`)
  return home
}
