// How large a policy may be. An API server takes 1.5 MB, which is more than any node should have to compile for one policy.
import { type Place, field, report } from '../cluster/fields.ts'
import type { Peer, Policy, Rule } from './types.ts'

/** Peers and excepts of one policy together (500 ipBlocks with 50 excepts each are 25,500). */
export const MAX_PEERS = 50_000
/** Entries in the ports lists of one policy together. */
export const MAX_PORTS = 10_000

/** ipBlocks of one policy: where all of them overlap, so many sets of blocks hold somewhere. */
export const MAX_BLOCKS = 1_000
/** Ports that a policy opens for anybody, times its rules for certain peers: what these may includes what anybody may. */
export const MAX_PRODUCT = 50_000

/** The policy as it is, or (reported) one that isolates the same pods and allows nothing, if it is too large. */
export function limited(root: Place, policy: Policy): Policy {
  const rules = [...(policy.ingress ?? []), ...(policy.egress ?? [])]
  const peers = total(rules, ({ peers }) => (peers === 'any' ? 0 : total(peers, peerSize)))
  const ports = total(rules, ({ ports }) => (ports === 'any' ? 0 : ports.length))
  const blocks = total(rules, ({ peers }) => (peers === 'any' ? 0 : peers.filter(({ kind }) => kind === 'block').length))
  const excess = tooMany('peers and excepts', peers, MAX_PEERS) ?? tooMany('ports', ports, MAX_PORTS)
    ?? tooMany('ipBlocks', blocks, MAX_BLOCKS)
    ?? tooMany('ports for anybody times rules for certain peers', product(policy.ingress) + product(policy.egress), MAX_PRODUCT)
  if (excess === undefined) return policy
  report(field(root, 'spec'), excess, 'the selected pods are isolated and nothing is allowed by this policy')
  return { ...policy, ingress: policy.ingress && [], egress: policy.egress && [] }
}

function product(rules: readonly Rule[] = []): number {
  const forAnybody = total(rules, ({ peers, ports }) => (peers === 'any' && ports !== 'any' ? ports.length : 0))
  return forAnybody * rules.filter(({ peers }) => peers !== 'any').length
}

function peerSize(peer: Peer): number {
  return peer.kind === 'block' ? 1 + peer.except.length : 1
}

function tooMany(what: string, count: number, limit: number): string | undefined {
  return count > limit ? `${count} ${what} are more than the ${limit} that one policy may have` : undefined
}

function total<Item>(list: readonly Item[], size: (item: Item) => number): number {
  return list.reduce((sum, item) => sum + size(item), 0)
}
