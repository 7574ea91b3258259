// What the kernel's tables of links, addresses, routes and neighbours hold now, one function a table.
import type { Address } from '../../cluster/address.ts'
import type { MessageWriter } from '../message-writer.ts'
import {
  decodeAddress, decodeFdb, decodeHostRoute, decodeLink, decodeNeighbour, type FdbEntry, type HostRoute, type Link, type Neighbour,
} from './decode.ts'
import { AF_BRIDGE, AF_INET, AF_INET6, AF_UNSPEC, IFA, IFLA, RTEXT_FILTER_SKIP_STATS, RTM } from './protocol.ts'
import type { RouteSocket } from './socket.ts'

const FAMILIES = [AF_INET, AF_INET6] as const
/** What struct rtmsg and struct ndmsg have behind their first 4 bytes: zeros ask for everything. */
const NO_FILTER = Buffer.alloc(8)

/** All links of the socket's namespace. */
export function links(socket: RouteSocket): Link[] {
  const attributes = (writer: MessageWriter): void => writer.hostU32(IFLA.EXT_MASK, RTEXT_FILTER_SKIP_STATS)
  return socket.dump({ what: 'links', type: RTM.GETLINK, family: AF_UNSPEC, fixed: Buffer.alloc(12), attributes }, decodeLink)
}

/**
 * Addresses of one link in another namespace, both families. Needs NET_ADMIN only: the kernel looks in there for us (Linux 4.20).
 * @param netnsid the other namespace's id in the socket's namespace (Link.netnsid)
 * @param ifindex the link's index over there (Link.peer)
 * @throws NetlinkError EINVAL for an id that stands for no namespace, ENODEV for no such link
 */
export function addressesInside(socket: RouteSocket, netnsid: number, ifindex: number): Address[] {
  const what = `addresses of link ${ifindex} in the namespace with id ${netnsid}`
  const fixed = Buffer.alloc(4)
  fixed.writeInt32LE(ifindex)
  const attributes = (writer: MessageWriter): void => writer.hostU32(IFA.TARGET_NETNSID, netnsid)
  return FAMILIES.flatMap((family) => {
    return socket.dump({ what, type: RTM.GETADDR, family, fixed, attributes }, decodeAddress).map(({ address }) => address)
  })
}

/** Routes to single addresses in all tables. */
export function hostRoutes(socket: RouteSocket): HostRoute[] {
  return FAMILIES.flatMap((family) => {
    return socket.dump({ what: 'routes', type: RTM.GETROUTE, family, fixed: NO_FILTER }, decodeHostRoute)
  })
}

export function neighbours(socket: RouteSocket): Neighbour[] {
  return FAMILIES.flatMap((family) => {
    return socket.dump({ what: 'neighbours', type: RTM.GETNEIGH, family, fixed: NO_FILTER }, decodeNeighbour)
  })
}

/** The forwarding entries of all bridges. */
export function fdb(socket: RouteSocket): FdbEntry[] {
  return socket.dump({ what: 'bridge forwarding entries', type: RTM.GETNEIGH, family: AF_BRIDGE, fixed: NO_FILTER }, decodeFdb)
}
