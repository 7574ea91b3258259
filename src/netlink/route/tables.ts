// What the kernel's tables of links, addresses, routes and neighbours hold now, one function a table.
import type { Address } from '../../cluster/address.ts'
import { decodeAddress, decodeFdb, decodeHostRoute, decodeLink, decodeNeighbour, type FdbEntry, type HostRoute, type Link, type Neighbour } from './decode.ts'
import { writeUint32 } from './message.ts'
import { AF_BRIDGE, AF_INET, AF_INET6, IFA, IFLA, RTEXT_FILTER_SKIP_STATS, RTM } from './protocol.ts'
import type { RouteSocket } from './socket.ts'

const FAMILIES = [AF_INET, AF_INET6] as const

/** All links of the socket's namespace. */
export function links(socket: RouteSocket): Link[] {
  const body = Buffer.concat([Buffer.alloc(16), writeUint32(IFLA.EXT_MASK, RTEXT_FILTER_SKIP_STATS)])
  return socket.dump({ what: 'links', type: RTM.GETLINK, body }, decodeLink)
}

/**
 * Addresses of one link in another namespace, both families. Needs NET_ADMIN only: the kernel looks in there for us (Linux 4.20).
 * @param netnsid the other namespace's id in the socket's namespace (Link.netnsid)
 * @param ifindex the link's index over there (Link.peer)
 * @throws NetlinkError EINVAL for an id that stands for no namespace, ENODEV for no such link
 */
export function addressesInside(socket: RouteSocket, netnsid: number, ifindex: number): Address[] {
  const what = `addresses of link ${ifindex} in the namespace with id ${netnsid}`
  return FAMILIES.flatMap((family) => {
    const header = Buffer.from([family, 0, 0, 0, 0, 0, 0, 0])
    header.writeInt32LE(ifindex, 4)
    const body = Buffer.concat([header, writeUint32(IFA.TARGET_NETNSID, netnsid)])
    return socket.dump({ what, type: RTM.GETADDR, body }, decodeAddress).map(({ address }) => address)
  })
}

/** Routes to single addresses in all tables. */
export function hostRoutes(socket: RouteSocket): HostRoute[] {
  return FAMILIES.flatMap((family) => {
    return socket.dump({ what: 'routes', type: RTM.GETROUTE, body: header(family) }, decodeHostRoute)
  })
}

export function neighbours(socket: RouteSocket): Neighbour[] {
  return FAMILIES.flatMap((family) => {
    return socket.dump({ what: 'neighbours', type: RTM.GETNEIGH, body: header(family) }, decodeNeighbour)
  })
}

/** The forwarding entries of all bridges. */
export function fdb(socket: RouteSocket): FdbEntry[] {
  return socket.dump({ what: 'bridge forwarding entries', type: RTM.GETNEIGH, body: header(AF_BRIDGE) }, decodeFdb)
}

/** struct rtmsg and struct ndmsg: 12 bytes, the family first; zero elsewhere: no filter. */
function header(family: number): Buffer {
  return Buffer.from([family, ...Array<number>(11).fill(0)])
}
