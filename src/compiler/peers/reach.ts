// What the peers of active rules reach: for advice.
import type { NamedPortRef, NodePeer, PodPeer } from '../../policy/types.ts'
import type { Group, NodePredicate, PodPredicate, Signature } from '../model.ts'
import type { ActiveRule } from '../stages/active-policy.ts'
import { isOfNode } from './matching.ts'
import type { Peers } from './peers.ts'
import { podSelection } from './predicates.ts'

export class Reach {
  readonly #peers: Peers
  readonly #namespace: string

  /** @param peers of the realm that the policy is in. @param namespace of the policy */
  constructor(peers: Peers, namespace: string) {
    this.#peers = peers
    this.#namespace = namespace
  }

  /** Whether there is a pod or node of which an active rule's predicate holds. */
  isReached(predicate: PodPredicate | NodePredicate): boolean {
    for (const { groups } of this.#peers.signaturesHaving(predicate)) if (groups.size > 0) return true
    return false
  }

  /** Whether there is a pod or node that an active rule's peer matches. */
  isMatched(peer: PodPeer | NodePeer): boolean {
    if (peer.kind === 'pods') {
      for (const _ of this.#peers.matching(podSelection(peer, this.#namespace))) return true
      return false
    }
    for (const { nodes } of this.#peers.groups.ofNodes()) if (isOfNode(peer.nodes, nodes)) return true
    return false
  }

  /** Whether there is a namespace that an active rule's peer matches. */
  isNamespaceReached(peer: PodPeer): boolean {
    return this.#peers.matchesNamespace(podSelection(peer, this.#namespace))
  }

  /** Whether one of an active egress rule's peers has a port of this name and protocol. */
  hasPort(peers: ActiveRule['peers'], { protocol, name }: NamedPortRef): boolean {
    const { predicates } = this.#peers
    const asked = predicates.name(protocol, name)
    if (asked === undefined) return false
    const wanted = peers === 'any' ? 'any' : new Set<unknown>(peers)
    for (const port of predicates.portsOf(asked)) {
      for (const signature of this.#peers.signaturesHaving(port)) {
        if (wanted === 'any' || isBehind(signature, wanted)) return true
      }
    }
    return false
  }

  /** Protocols of the ports of this name that pods have which an active rule's selectors match ('any': all pods). */
  protocolsOf(peers: ActiveRule['peers'], name: string): Set<string> {
    const protocols = new Set<string>()
    for (const { ports } of this.#groupsBehind(peers)) {
      for (const port of ports) if (port.name === name) protocols.add(port.protocol)
    }
    return protocols
  }

  *#groupsBehind(rulePeers: ActiveRule['peers']): Iterable<Group> {
    if (rulePeers === 'any') {
      yield* this.#peers.groups.ofPods()
      return
    }
    for (const peer of rulePeers) {
      if (peer.kind === 'pods') for (const { groups } of this.#peers.signaturesHaving(peer)) yield* groups
    }
  }
}

/** Whether one of these predicates holds of a pod of this signature, or of one of its addresses. */
function isBehind({ predicates, classes }: Signature, peers: ReadonlySet<unknown>): boolean {
  if (predicates.some((predicate) => peers.has(predicate))) return true
  for (const { set } of classes.keys()) if (set.blocks.some((block) => peers.has(block))) return true
  return false
}
