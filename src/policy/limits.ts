// How large a policy may be. An API server takes 1.5 MB, which is more than any node should have to compile for one policy.
import { type Address, type AddressRange, familyOf } from '../cluster/address.ts'
import { type Place, field, report } from '../cluster/fields.ts'
import type { BlockPeer, Peer, Policy, Rule } from './types.ts'

/** Peers and excepts of one policy together (500 ipBlocks with 50 excepts each are 25,500). */
export const MAX_PEERS = 50_000
/** Entries in the ports lists of one policy together. */
export const MAX_PORTS = 10_000
/** ipBlocks of one policy. */
export const MAX_BLOCKS = 10_000
/** Pairs of its ipBlocks of which one is within the other, excepts aside: of a thousand that are all in each other 499,500. */
export const MAX_NESTED = 500_000
/** Ports that a policy opens for anybody, times its rules for certain peers: what these may includes what anybody may. */
export const MAX_PRODUCT = 50_000

/** The policy as it is, or (reported) one that isolates the same pods and allows nothing, if it is too large. */
export function limited(root: Place, policy: Policy): Policy {
  const rules = [...(policy.ingress ?? []), ...(policy.egress ?? [])]
  const peers = total(rules, ({ peers }) => (peers === 'any' ? 0 : total(peers, peerSize)))
  const ports = total(rules, ({ ports }) => (ports === 'any' ? 0 : ports.length))
  const blocks = rules.flatMap(({ peers }) => (peers === 'any' ? [] : peers.filter(isBlock)))
  const excess = tooMany('peers and excepts', peers, MAX_PEERS) ?? tooMany('ports', ports, MAX_PORTS)
    ?? tooMany('ipBlocks', blocks.length, MAX_BLOCKS) ?? tooMany('pairs of ipBlocks within each other', nested(blocks), MAX_NESTED)
    ?? tooMany('ports for anybody times rules for certain peers', product(policy.ingress) + product(policy.egress), MAX_PRODUCT)
  if (excess === undefined) return policy
  report(field(root, 'spec'), excess, 'the selected pods are isolated and nothing is allowed by this policy')
  return { ...policy, ingress: policy.ingress && [], egress: policy.egress && [] }
}

function product(rules: readonly Rule[] = []): number {
  const forAnybody = total(rules, ({ peers, ports }) => (peers === 'any' && ports !== 'any' ? ports.length : 0))
  return forAnybody * rules.filter(({ peers }) => peers !== 'any').length
}

function isBlock(peer: Peer): peer is BlockPeer {
  return peer.kind === 'block'
}

/** Pairs of blocks of which one is within the other. */
function nested(blocks: readonly BlockPeer[]): number {
  return total(([4, 6] as const), (family) => nestedRanges(blocks.map(({ cidr }) => cidr).filter(({ first }) => familyOf(first) === family)))
}

/** @param ranges of one family, of which any two are one within the other or have nothing in common */
function nestedRanges(ranges: AddressRange[]): number {
  ranges.sort((a, b) => order(a.first, b.first) || order(b.last, a.last))
  let pairs = 0
  const around: Address[] = [] // the ends of those that a range is within
  for (const { first, last } of ranges) {
    while ((around.at(-1) ?? first) < first) around.pop()
    pairs += around.length
    around.push(last)
  }
  return pairs
}

function order(a: Address, b: Address): number {
  return Number(a > b) - Number(a < b)
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
