// A way past an Admin Deny that a pod may try from its own link: frames that get somewhere without the policy, and nowhere with it.
import type { Layout } from '../../../lab/node.ts'
import { type Packet, PROTOCOL } from '../../netlink/nf-tables/frames.ts'
import type { PodName } from '../../situations/fixture.ts'
import type { Attack } from './attack.ts'

export const ATTACKER: PodName = 'x/a'
/** On the attacker's node, and on a bridge its neighbour. */
export const NEIGHBOUR: PodName = 'y/b'

export type Denial = 'everything' | 'pods and nodes'
type Frames = (attack: Attack, note: Buffer) => readonly Buffer[]
type Payload = (note: Buffer) => Buffer
type More = Partial<Packet>

export interface Escape {
  readonly name: string
  readonly frames: Frames
  /** The layout in which it gets somewhere without a policy; default: both. */
  readonly layout?: Layout
  /** Policies that it must not get past; default: all. */
  readonly denied?: Denial
}

/** To another pod of the node. */
export function toNeighbour(name: string, payload: Payload, more: More = {}): Escape[] {
  return everyFamily(name, (family, attack, note) => (
    [attack.packet(attack.to(NEIGHBOUR)[family], payload(note), { mac: attack.nextHop(NEIGHBOUR), ...more })]
  ))
}

/** The same of one family. */
export function toNeighbour6(name: string, payload: Payload, more: More): Escape {
  return toNeighbour(name, payload, more)[1]!
}

/** By the gateway, to an end that is not on the link. */
export function toEnd(name: string, end: PodName | 'node0' | 'node1' | 'outside', payload: Payload, more: More = {}): Escape[] {
  const escapes = everyFamily(name, (family, attack, note) => [attack.packet(attack.to(end)[family], payload(note), more)])
  return end === 'outside' ? escapes.map((escape) => ({ ...escape, denied: 'everything' })) : escapes
}

/** IPv4 and IPv6. */
export function everyFamily(name: string, frames: (family: 0 | 1, attack: Attack, note: Buffer) => readonly Buffer[]): Escape[] {
  return ([0, 1] as const).map((family) => ({
    name: `${name}, IPv${family === 0 ? 4 : 6}`,
    frames: (attack, note) => frames(family, attack, note),
  }))
}

export const ICMP = [PROTOCOL.icmp, PROTOCOL.icmpv6] as const
