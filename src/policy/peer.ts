// What peers and ports of a rule match, one at a time. Part of the reference evaluator: it says the meaning, not how to be fast.
import { type Address, contains } from '../cluster/address.ts'
import type { Labels, Pod } from '../cluster/objects.ts'
import { matches } from './selector.ts'
import type { ClusterPeer, ClusterRule, Peer, PodPeer, Port, Rule } from './types.ts'
import type { Flow } from './verdict.ts'

/** The other end of a flow, as the rules of one policy see it. */
export interface Remote {
  readonly address: Address
  /** undefined: not a pod, or none that can be trusted; only ipBlocks match it. */
  readonly pod: Pod | undefined
  /** Labels of the pod's namespace; undefined while they are not known. */
  readonly namespaceLabels: Labels | undefined
  /** Labels of each node that has the address. */
  readonly nodeLabels: readonly Labels[]
}

/** @param policyNamespace of a NetworkPolicy; peers of ClusterNetworkPolicies are never in their own */
export function peersMatch(peers: Rule['peers'] | ClusterRule['peers'], remote: Remote, policyNamespace?: string): boolean {
  return peers === 'any' || peers.some((peer) => peerMatches(peer, remote, policyNamespace))
}

/** `destination`: the pod whose container ports give names their numbers; undefined: no name matches. */
export function portsMatch(ports: Rule['ports'], flow: Flow, destination: Pod | undefined): boolean {
  return ports === 'any' || ports.some((port) => portMatches(port, flow, destination))
}

function peerMatches(peer: Peer | ClusterPeer, remote: Remote, policyNamespace: string | undefined): boolean {
  if (peer.kind === 'pods') return podMatches(peer, remote, policyNamespace)
  if (peer.kind === 'nodes') return remote.nodeLabels.some((labels) => matches(peer.nodes, labels))
  return contains(peer.cidr, remote.address) && !peer.except.some((except) => contains(except, remote.address))
}

function podMatches(peer: PodPeer, { pod, namespaceLabels }: Remote, policyNamespace: string | undefined): boolean {
  if (pod === undefined || !matches(peer.pods, pod.labels)) return false
  if (peer.namespaces === 'own') return pod.namespace === policyNamespace
  if (peer.namespaces.requirements.length === 0) return true
  return namespaceLabels !== undefined && matches(peer.namespaces, namespaceLabels)
}

function portMatches(port: Port, flow: Flow, destination: Pod | undefined): boolean {
  if (port.protocol !== flow.protocol) return false
  if (port.kind === 'number') return port.first <= flow.port && flow.port <= port.last
  const named = destination?.ports.filter(({ name, protocol }) => name === port.name && protocol === port.protocol) ?? []
  return named.some(({ port: number }) => number === flow.port)
}
