// The veths that lead to pods, kept current: one dump at the start, events after it.
//
//   links, routes, neighbours, FDB ──events──▶ RouteState ──links concerned──┐
//   addresses inside the peers' namespaces ──asked for each (retries)────────┴──▶ Veth ──▶ onChange
//
// Once started it goes on until it is closed: when sockets fail it opens new ones, at growing intervals, and rereads everything.
import type { Address } from '../../cluster/address.ts'
import type { Tunnel } from '../../cluster/tunnel.ts'
import type { Veth } from '../../cluster/veth.ts'
import { Backoff } from '../../base/backoff.ts'
import { NetlinkError, VethguardError } from '../../base/errors.ts'
import type { RouteEvent } from './decode.ts'
import { RouteEvents } from './events.ts'
import { RouteSocket } from './socket.ts'
import { RouteState, type PodLink } from './state.ts'
import { addressesInside, fdb, hostRoutes, links, neighbours } from './tables.ts'

/** When to look again for the addresses of a new veth: the CNI sets them some ms after the link, and no event reports that. */
const RETRY_MS = [2, 3, 5, 10, 10, 10, 20, 20, 20, 50, 50, 100, 200, 500, 1000, 2000, 5000] as const

export interface VethTableOptions {
  /** Path of the network namespace to look at (needs SYS_ADMIN); undefined: the process's own. */
  readonly namespace?: string | undefined
  /** Size of the event buffer, in bytes. */
  readonly receiveBytes?: number | undefined
  /** Called once for changes that came together; never before start() nor after close(). Must not throw. */
  readonly onChange: () => void
  /** The table may be out of date: events stopped, or the kernel refused a request. It is retried. */
  readonly onError: (error: Error) => void
}

export class VethTable {
  readonly #options: VethTableOptions
  readonly #veths = new Map<number, Veth>()
  #tunnels = new Map<string, Tunnel>()
  readonly #retries = new Map<number, NodeJS.Timeout>()
  #state = new RouteState()
  #socket: RouteSocket | undefined
  #events: RouteEvents | undefined
  #resyncTimer: NodeJS.Timeout | undefined
  readonly #reopening = new Backoff({ firstMs: 100, longestMs: 10_000 })
  #closed = false
  #lost = 0

  constructor(options: VethTableOptions) {
    this.#options = options
  }

  /**
   * Reads everything (one onChange if there is any veth), and follows changes from then on.
   * @throws SystemCallError, NetlinkError if the kernel cannot be asked
   */
  start(): void {
    const { namespace, receiveBytes } = this.#options
    this.#socket = new RouteSocket(namespace)
    this.#events = new RouteEvents({
      namespace,
      receiveBytes,
      onError: (error) => this.#reopenLater(error),
      onEvents: (events) => this.#follow(events),
      onLost: () => this.#recover(),
    })
    this.#resync(this.#socket)
  }

  /** All veths that lead to another network namespace. */
  veths(): Iterable<Veth> {
    return this.#veths.values()
  }

  tunnels(): Iterable<Tunnel> {
    return this.#tunnels.values()
  }

  /** How often events were lost and everything was reread. */
  get lost(): number {
    return this.#lost
  }

  /** Rereads the addresses of all veths: for a pod with an address that no veth is known to have. */
  refresh(): void {
    this.#update(this.#state.podLinks().map(({ ifindex }) => ifindex))
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#disconnect()
  }

  async #disconnect(): Promise<void> {
    clearTimeout(this.#resyncTimer)
    this.#resyncTimer = undefined
    for (const ifindex of this.#retries.keys()) this.#stopRetry(ifindex)
    const [socket, events] = [this.#socket, this.#events]
    this.#socket = this.#events = undefined
    socket?.close()
    await events?.close()
  }

  #follow(events: readonly RouteEvent[]): void {
    const concerned = events.flatMap((event) => this.#state.apply(event))
    this.#update(new Set(concerned), events.some(({ kind }) => kind === 'link') && this.#updateTunnels())
  }

  #recover(): void {
    this.#lost++
    // Once the buffer overflowed more losses follow at once: they are one.
    this.#resyncTimer ??= setTimeout(() => {
      this.#resyncTimer = undefined
      this.#trying(() => {
        if (this.#socket !== undefined) this.#resync(this.#socket)
      })
    }, 0)
  }

  /** Starts over with new sockets if netlink fails. */
  #trying(act: () => void): void {
    try {
      act()
      this.#reopening.reset()
    } catch (error) {
      if (!(error instanceof VethguardError)) throw error // a defect ends the process
      this.#reopenLater(error)
    }
  }

  #reopenLater(error: Error): void {
    if (this.#closed) return
    this.#options.onError(error)
    const disconnected = this.#disconnect()
    this.#resyncTimer = setTimeout(() => {
      void disconnected.then(() => {
        if (!this.#closed) this.#trying(() => this.start())
      })
    }, this.#reopening.next())
  }

  #resync(socket: RouteSocket): void {
    const state = new RouteState()
    for (const value of links(socket)) state.apply({ kind: 'link', gone: false, value })
    for (const value of hostRoutes(socket)) state.apply({ kind: 'route', gone: false, value })
    for (const value of neighbours(socket)) state.apply({ kind: 'neighbour', gone: false, value })
    for (const value of fdb(socket)) state.apply({ kind: 'fdb', gone: false, value })
    this.#state = state
    this.#update(new Set([...this.#veths.keys(), ...state.podLinks().map(({ ifindex }) => ifindex)]), this.#updateTunnels())
  }

  /** Rereads these links. @param hasChanged something else did already */
  #update(ifindexes: Iterable<number>, hasChanged = false): void {
    for (const ifindex of ifindexes) {
      const now = this.#look(ifindex)
      if (equal(this.#veths.get(ifindex), now)) continue
      if (now === undefined) this.#veths.delete(ifindex)
      else this.#veths.set(ifindex, now)
      hasChanged = true
    }
    if (hasChanged) this.#options.onChange()
  }

  /** @returns whether they are others than before */
  #updateTunnels(): boolean {
    const before = [...this.#tunnels.keys()].join()
    this.#tunnels = this.#state.tunnels()
    return [...this.#tunnels.keys()].join() !== before
  }

  #look(ifindex: number): Veth | undefined {
    const link = this.#state.podLink(ifindex)
    const veth = link && this.#state.veth(link, this.#addressesBehind(link))
    if (veth === undefined || veth.addresses.length > 0) this.#stopRetry(ifindex)
    else this.#startRetry(ifindex)
    return veth
  }

  #addressesBehind(link: PodLink): Address[] {
    if (this.#socket === undefined) return []
    try {
      return addressesInside(this.#socket, link.netnsid, link.peer)
    } catch (error) {
      // The other end, or its namespace, is gone or going: the event that says so is on its way.
      if (error instanceof NetlinkError) return []
      this.#options.onError(error as Error)
      const known = this.#veths.get(link.ifindex)
      return known === undefined ? [] : [...known.addresses, ...known.linkLocal]
    }
  }

  /** Begins the series of looks; one that runs goes on. */
  #startRetry(ifindex: number): void {
    if (!this.#retries.has(ifindex)) this.#retryLater(ifindex, 0)
  }

  #retryLater(ifindex: number, attempt: number): void {
    const delayMs = RETRY_MS[attempt]
    if (delayMs === undefined) {
      this.#retries.delete(ifindex)
      return
    }
    const timer = setTimeout(() => {
      this.#retryLater(ifindex, attempt + 1)
      this.#update([ifindex])
    }, delayMs)
    this.#retries.set(ifindex, timer)
  }

  #stopRetry(ifindex: number): void {
    clearTimeout(this.#retries.get(ifindex))
    this.#retries.delete(ifindex)
  }
}

function equal(one: Veth | undefined, other: Veth | undefined): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
