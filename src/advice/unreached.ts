// Rules of a ClusterNetworkPolicy that are never asked: of a policy's rules the first that matches decides.
import { contains } from '../cluster/address.ts'
import type { BlockPredicate, NodePredicate, PeerPredicate, PodPredicate, PodSelection } from '../compiler/model.ts'
import { type ActiveRule, isClusterPolicy } from '../compiler/stages/active-policy.ts'
import type { Port } from '../policy/types.ts'
import type { RulePlace } from './rule-place.ts'
import type { Found } from './warning.ts'

/** Only one rule before it is looked at at a time: what several match together is left alone. */
export function* neverReached({ policy, direction, path, active, earlier }: RulePlace): Found {
  if (!isClusterPolicy(policy)) return
  yield undefined
  const before = earlier.findIndex((each) => coversPeers(each, active) && coversPorts(each, active))
  const action = policy[direction][before]?.action
  if (action === undefined) return
  const message = `is never reached: spec.${direction}[${before}] (${action}) comes first and matches whatever this rule does; `
    + 'put this rule before that one, or delete it'
  yield { policy: policy.key, reason: 'rule-never-reached', field: path, message }
}

function coversPeers({ peers: all }: ActiveRule, { peers: some }: ActiveRule): boolean {
  return all === 'any' || (some !== 'any' && some.every((peer) => all.some((each) => coversPeer(each, peer))))
}

function coversPeer(peer: PeerPredicate, other: PeerPredicate): boolean {
  if (peer.kind === 'pods') return other.kind === 'pods' && coversPods(peer, other)
  if (peer.kind === 'nodes') return other.kind === 'nodes' && coversNodes(peer, other)
  return other.kind === 'block' && coversBlock(peer, other)
}

function coversPods({ any: all }: PodPredicate, { any: some }: PodPredicate): boolean {
  return all.some(isEveryPod) || some.every(({ key }) => all.some((each) => each.key === key))
}

function coversNodes({ any: all }: NodePredicate, { any: some }: NodePredicate): boolean {
  const texts = new Set(all.map((each) => JSON.stringify(each)))
  return some.every((each) => texts.has(JSON.stringify(each)))
}

function isEveryPod({ namespaces, pods }: PodSelection): boolean {
  return 'requirements' in namespaces && namespaces.requirements.length + pods.requirements.length === 0
}

function coversBlock({ ranges }: BlockPredicate, other: BlockPredicate): boolean {
  return other.ranges.every(({ first, last }) => ranges.some((range) => contains(range, first) && contains(range, last)))
}

function coversPorts({ ports: all }: ActiveRule, { ports: some }: ActiveRule): boolean {
  return all === 'any' || (some !== 'any' && some.every((port) => all.some((each) => coversPort(each, port))))
}

function coversPort(port: Port, other: Port): boolean {
  if (port.protocol !== other.protocol) return false
  if (port.kind === 'name') return other.kind === 'name' && port.name === other.name
  return other.kind === 'number' && port.first <= other.first && other.last <= port.last
}
