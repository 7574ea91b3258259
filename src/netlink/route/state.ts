// The node's links, host routes, neighbours and forwarding entries as last told, and what they say about one veth.
import type { Address } from '../../cluster/address.ts'
import { formatTunnel, type Tunnel } from '../../cluster/tunnel.ts'
import type { Veth } from '../../cluster/veth.ts'
import type { FdbEntry, HostRoute, Link, Neighbour, RouteEvent } from './decode.ts'

/** Links with another end that may be in a pod. netkit is veth's successor in Cilium and others. */
const PAIRED = new Set(['veth', 'netkit'])

/** A link with its other end in another namespace. */
export interface PodLink extends Link {
  readonly peer: number
  readonly netnsid: number
}

export class RouteState {
  readonly #links = new Map<number, Link>()
  /** By HostRoute.id. */
  readonly #routes = new Map<string, HostRoute>()
  /** By `ifindex/address`. */
  readonly #neighbours = new Map<string, Neighbour>()
  /** By `bridge/mac`. */
  readonly #fdb = new Map<string, FdbEntry>()

  podLinks(): PodLink[] {
    return Array.from(this.#links.values()).filter(isPodLink)
  }

  /** What the node's devices unwrap, by their texts. */
  tunnels(): Map<string, Tunnel> {
    const all = Array.from(this.#links.values()).flatMap(({ tunnels }) => tunnels)
    return new Map(all.map((tunnel): [string, Tunnel] => [formatTunnel(tunnel), tunnel]).sort(([a], [b]) => (a < b ? -1 : 1)))
  }

  podLink(ifindex: number): PodLink | undefined {
    const link = this.#links.get(ifindex)
    return link !== undefined && isPodLink(link) ? link : undefined
  }

  /** Takes one event in. Saying what is known already changes nothing. @returns indexes of the links it may concern */
  apply(event: RouteEvent): number[] {
    switch (event.kind) {
      case 'link':
        return this.#applyLink(event.value, event.gone)
      case 'route':
        return this.#applyRoute(event.value, event.gone)
      case 'neighbour':
        return this.#applyNeighbour(event.value, event.gone)
      case 'fdb':
        return this.#applyFdb(event.value, event.gone)
    }
  }

  /** What is known about a link. @param inside all addresses of its other end */
  veth(link: PodLink, inside: readonly Address[]): Veth {
    const addresses = inside.filter((address) => !isLinkLocal(address)).sort()
    return {
      ifindex: link.ifindex,
      ifname: link.name,
      bridge: link.bridged && link.master !== undefined ? this.#links.get(link.master)?.name : undefined,
      addresses,
      linkLocal: inside.filter(isLinkLocal).sort(),
      routed: this.#routedTo(link.ifindex),
      learned: addresses.length > 0 ? [] : this.#learnedAt(link.ifindex),
    }
  }

  #applyLink(link: Link, gone: boolean): number[] {
    const { ifindex, name } = link
    // The kernel deletes a link's routes when it goes down, and tells nobody of the IPv4 ones.
    if (gone || !link.up) forget(this.#routes, (route) => route.ifindex === ifindex)
    const concerned = gone || this.#links.get(ifindex)?.name !== name ? [ifindex, ...this.#portsOf(ifindex)] : [ifindex]
    if (gone) this.#forgetLink(ifindex)
    else this.#links.set(ifindex, link)
    return concerned
  }

  #forgetLink(ifindex: number): void {
    this.#links.delete(ifindex)
    forget(this.#neighbours, (neighbour) => neighbour.ifindex === ifindex)
    forget(this.#fdb, ({ port, bridge }) => port === ifindex || bridge === ifindex)
  }

  #applyRoute(route: HostRoute, gone: boolean): number[] {
    const before = this.#routes.get(route.id)
    if (gone && before?.ifindex === route.ifindex) this.#routes.delete(route.id)
    if (!gone) this.#routes.set(route.id, route)
    return before === undefined ? [route.ifindex] : [before.ifindex, route.ifindex]
  }

  #applyNeighbour(neighbour: Neighbour, gone: boolean): number[] {
    const key = `${neighbour.ifindex}/${neighbour.address}`
    const before = this.#neighbours.get(key)
    if (gone || neighbour.mac === undefined) this.#neighbours.delete(key)
    else this.#neighbours.set(key, neighbour)
    return [before, neighbour].flatMap((each) => (each === undefined ? [] : [this.#placeOf(each)]))
  }

  #applyFdb(entry: FdbEntry, gone: boolean): number[] {
    const key = `${entry.bridge}/${entry.mac}`
    const before = this.#fdb.get(key)
    if (gone && before?.port === entry.port) this.#fdb.delete(key)
    if (!gone) this.#fdb.set(key, entry)
    return before === undefined ? [entry.port] : [before.port, entry.port]
  }

  /** Links that the bridge's name or entries tell something about. */
  #portsOf(bridge: number): number[] {
    const ports = Array.from(this.#links.values()).flatMap(({ ifindex, master }) => (master === bridge ? [ifindex] : []))
    const known = Array.from(this.#fdb.values()).flatMap((entry) => (entry.bridge === bridge ? [entry.port] : []))
    return [...ports, ...known]
  }

  #routedTo(link: number): Address[] {
    const addresses = Array.from(this.#routes.values()).flatMap(({ ifindex, address }) => (ifindex === link ? [address] : []))
    return Array.from(new Set(addresses)).sort()
  }

  #learnedAt(link: number): Address[] {
    const here = Array.from(this.#neighbours.values()).filter((neighbour) => this.#placeOf(neighbour) === link)
    const addresses = here.flatMap(({ address }) => (isLinkLocal(address) ? [] : [address]))
    return Array.from(new Set(addresses)).sort()
  }

  /** The bridge port that a neighbour is behind, or else the link it is on. */
  #placeOf({ ifindex, mac }: Neighbour): number {
    return this.#fdb.get(`${ifindex}/${mac ?? ''}`)?.port ?? ifindex
  }
}

function isPodLink(link: Link): link is PodLink {
  return PAIRED.has(link.kind) && link.netnsid !== undefined && link.peer !== undefined
}

/** fe80::/10 or 169.254.0.0/16. */
function isLinkLocal(address: Address): boolean {
  const [first, second] = [address.charCodeAt(0), address.charCodeAt(1)]
  return address.length === 4 ? first === 169 && second === 254 : first === 0xfe && (second & 0xc0) === 0x80
}

function forget<K, V>(map: Map<K, V>, goes: (value: V) => boolean): void {
  for (const [key, value] of map) if (goes(value)) map.delete(key)
}
