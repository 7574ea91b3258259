// The flows worth judging in a random cluster.
import { type Address, familyOf } from '../../src/cluster/address.ts'
import type { Flow } from '../../src/policy/verdict.ts'
import type { Cluster } from './cluster.ts'
import { type AddressPool, POOL } from './pool.ts'

export type Probe = Pick<Flow, 'protocol' | 'port'>

/** Ports at and around what pods.ts and policies.ts use, each protocol, and one without ports. */
export const PROBES: readonly Probe[] = [
  { protocol: 'TCP', port: 80 },
  { protocol: 'TCP', port: 81 },
  { protocol: 'TCP', port: 82 },
  { protocol: 'TCP', port: 8080 },
  { protocol: 'UDP', port: 80 },
  { protocol: 'UDP', port: 443 },
  { protocol: 'UDP', port: 65_535 },
  { protocol: 'SCTP', port: 80 },
  { protocol: 'SCTP', port: 81 },
  { protocol: 'other', port: 0 },
]

/** Between all addresses of pods, and between them and the outside, in each family; a pod with itself included. */
export function flowsOf(cluster: Cluster, pool: AddressPool = POOL): Flow[] {
  const ofPods = new Set(cluster.pods.flatMap(({ addresses }) => addresses))
  const ends = [...new Set([...ofPods, ...pool.outside])]
  return ends.flatMap((source) => {
    const destinations = ends.filter((destination) => areWorth(source, destination, ofPods))
    return destinations.flatMap((destination) => PROBES.map((probe) => ({ source, destination, ...probe })))
  })
}

function areWorth(source: Address, destination: Address, ofPods: ReadonlySet<Address>): boolean {
  return familyOf(source) === familyOf(destination) && (ofPods.has(source) || ofPods.has(destination))
}
