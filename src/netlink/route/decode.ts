// rtnetlink messages → plain values. Everything that does not matter here is left out; what does not fit is undefined.
import { addressFromBytes, type Address } from '../../cluster/address.ts'
import { ipTunnel, type Tunnel, udpTunnel } from '../../cluster/tunnel.ts'
import { readAttributes, textOf, type Attributes } from '../attributes.ts'
import { bodyOf, type Message } from '../message.ts'
import {
  AF_BRIDGE, AF_INET, AF_INET6, AF_UNSPEC, IFA, IFF_UP, IFLA, IFLA_GENEVE_PORT, IFLA_INFO, IFLA_VXLAN_PORT, NDA, NUD, RTA, RTM, RTM_F_CLONED, RTN_UNICAST,
} from './protocol.ts'

export interface Link {
  readonly ifindex: number
  /** One char a byte (latin1). */
  readonly name: string
  /** `veth`, `bridge`, ...; empty for hardware. */
  readonly kind: string
  readonly up: boolean
  /** For a veth: the other end's ifindex, in the other end's namespace. */
  readonly peer: number | undefined
  /** This namespace's id for the namespace of the other end; undefined: it is here. */
  readonly netnsid: number | undefined
  readonly master: number | undefined
  /** The master is a bridge. */
  readonly bridged: boolean
  /** What the device unwraps. */
  readonly tunnels: readonly Tunnel[]
}

/** An address that one link has. */
export interface LinkAddress {
  readonly ifindex: number
  readonly address: Address
}

/** A unicast route to exactly one address, without a gateway: the address is behind that link. */
export interface HostRoute {
  /** Tells routes apart that the kernel keeps side by side: table, priority and destination. */
  readonly id: string
  readonly ifindex: number
  readonly address: Address
}

export interface Neighbour {
  readonly ifindex: number
  readonly address: Address
  /** Hardware address as latin1; undefined where the kernel knows none (any more). */
  readonly mac: string | undefined
}

/** A bridge's entry: frames to `mac` leave by `port`. */
export interface FdbEntry {
  readonly port: number
  readonly bridge: number
  readonly mac: string
}

export type RouteEvent =
  | { readonly kind: 'link'; readonly gone: boolean; readonly value: Link }
  | { readonly kind: 'route'; readonly gone: boolean; readonly value: HostRoute }
  | { readonly kind: 'neighbour'; readonly gone: boolean; readonly value: Neighbour }
  | { readonly kind: 'fdb'; readonly gone: boolean; readonly value: FdbEntry }

/** @returns undefined for events that concern nothing here */
export function decodeEvent(message: Message): RouteEvent | undefined {
  const gone = message.type === RTM.DELLINK || message.type === RTM.DELROUTE || message.type === RTM.DELNEIGH
  const link = decodeLink(message)
  if (link !== undefined) return { kind: 'link', gone, value: link }
  const route = decodeHostRoute(message)
  if (route !== undefined) return { kind: 'route', gone, value: route }
  const neighbour = decodeNeighbour(message)
  if (neighbour !== undefined) return { kind: 'neighbour', gone, value: neighbour }
  const fdb = decodeFdb(message)
  return fdb && { kind: 'fdb', gone, value: fdb }
}

/** struct ifinfomsg. A message of family AF_BRIDGE tells of a port, not of a link: its "deletion" only frees the port. */
export function decodeLink(message: Message): Link | undefined {
  const [type, body] = [message.type, bodyOf(message)]
  if ((type !== RTM.NEWLINK && type !== RTM.DELLINK) || body[0] !== AF_UNSPEC) return undefined
  const attributes = readAttributes(body.subarray(16))
  const info = readAttributes(attributes.get(IFLA.LINKINFO) ?? Buffer.alloc(0))
  return {
    ifindex: body.readInt32LE(4),
    name: text(attributes.get(IFLA.IFNAME)),
    kind: text(info.get(IFLA_INFO.KIND)),
    up: (body.readUInt32LE(8) & IFF_UP) !== 0,
    peer: int32(attributes, IFLA.LINK),
    netnsid: int32(attributes, IFLA.LINK_NETNSID),
    master: int32(attributes, IFLA.MASTER),
    bridged: text(info.get(IFLA_INFO.SLAVE_KIND)) === 'bridge',
    tunnels: tunnelsOf(text(info.get(IFLA_INFO.KIND)), info.get(IFLA_INFO.DATA)),
  }
}

/** Kinds of devices with a protocol of their own (linux/in.h): IPIP, IPv6 in IPv4 or IPv6, GRE. */
const TUNNEL_PROTOCOLS: Readonly<Record<string, readonly number[]>> = {
  ipip: [4], sit: [41, 4], ip6tnl: [41, 4], gre: [47], gretap: [47], erspan: [47], ip6gre: [47], ip6gretap: [47], ip6erspan: [47],
}
const PORT_ATTRIBUTES: Readonly<Record<string, number>> = { vxlan: IFLA_VXLAN_PORT, geneve: IFLA_GENEVE_PORT }

function tunnelsOf(kind: string, data: Buffer | undefined): Tunnel[] {
  const attribute = PORT_ATTRIBUTES[kind]
  if (attribute === undefined) return (TUNNEL_PROTOCOLS[kind] ?? []).map(ipTunnel)
  const port = readAttributes(data ?? Buffer.alloc(0)).get(attribute)
  return port === undefined ? [] : [udpTunnel(port.readUInt16BE(0))]
}

/** struct ifaddrmsg. IFA_ADDRESS is the far end on point-to-point links, so IFA_LOCAL goes first. */
export function decodeAddress(message: Message): LinkAddress | undefined {
  const [type, body] = [message.type, bodyOf(message)]
  if (type !== RTM.NEWADDR) return undefined
  const attributes = readAttributes(body.subarray(8))
  const bytes = attributes.get(IFA.LOCAL) ?? attributes.get(IFA.ADDRESS)
  return bytes && { ifindex: body.readInt32LE(4), address: addressFromBytes(bytes) }
}

/** struct rtmsg. */
export function decodeHostRoute(message: Message): HostRoute | undefined {
  const [type, body] = [message.type, bodyOf(message)]
  if ((type !== RTM.NEWROUTE && type !== RTM.DELROUTE) || !isUnicastToOne(body)) return undefined
  const attributes = readAttributes(body.subarray(12))
  const destination = attributes.get(RTA.DST)
  const ifindex = int32(attributes, RTA.OIF)
  if (destination === undefined || ifindex === undefined || attributes.has(RTA.GATEWAY)) return undefined
  const address = addressFromBytes(destination)
  const table = int32(attributes, RTA.TABLE) ?? body.readUInt8(4)
  return { id: `${table}/${int32(attributes, RTA.PRIORITY) ?? 0}/${address}`, ifindex, address }
}

function isUnicastToOne(rtmsg: Buffer): boolean {
  const single = rtmsg[1] === addressBits(rtmsg[0])
  return single && rtmsg[7] === RTN_UNICAST && (rtmsg.readUInt32LE(8) & RTM_F_CLONED) === 0
}

/** struct ndmsg of an IP family. */
export function decodeNeighbour(message: Message): Neighbour | undefined {
  const [type, body] = [message.type, bodyOf(message)]
  if ((type !== RTM.NEWNEIGH && type !== RTM.DELNEIGH) || addressBits(body[0]) === undefined) return undefined
  const state = body.readUInt16LE(8)
  if ((state & NUD.NOARP) !== 0) return undefined
  const attributes = readAttributes(body.subarray(12))
  const bytes = attributes.get(NDA.DST)
  const valid = (state & (NUD.INCOMPLETE | NUD.FAILED)) === 0
  const mac = valid ? attributes.get(NDA.LLADDR)?.toString('latin1') : undefined
  return bytes && { ifindex: body.readInt32LE(4), address: addressFromBytes(bytes), mac }
}

/** struct ndmsg of AF_BRIDGE. Permanent entries are the ports' own addresses and multicast. */
export function decodeFdb(message: Message): FdbEntry | undefined {
  const [type, body] = [message.type, bodyOf(message)]
  if ((type !== RTM.NEWNEIGH && type !== RTM.DELNEIGH) || body[0] !== AF_BRIDGE) return undefined
  if ((body.readUInt16LE(8) & NUD.PERMANENT) !== 0) return undefined
  const attributes = readAttributes(body.subarray(12))
  const bridge = int32(attributes, NDA.MASTER)
  const mac = attributes.get(NDA.LLADDR)?.toString('latin1')
  return bridge === undefined || mac === undefined ? undefined : { port: body.readInt32LE(4), bridge, mac }
}

function addressBits(family: number | undefined): number | undefined {
  if (family === AF_INET) return 32
  return family === AF_INET6 ? 128 : undefined
}

function int32(attributes: Attributes, type: number): number | undefined {
  return attributes.get(type)?.readInt32LE(0)
}

function text(bytes: Buffer | undefined): string {
  return bytes === undefined ? '' : textOf(bytes, 0, bytes.length)
}
