// Who may be connected to one server. Probes of kubelet share it with everybody who reaches it, and must always get in.
import type { Socket } from 'node:net'
import { addTo, removeFrom } from '../base/collections.ts'

/** Address of the other end → its connections, the oldest first. */
type ByAddress = Map<string, Set<Socket>>

/**
 * At most so many connections at once. Nobody is refused: in favour of who comes, the address that has the most loses its oldest
 * connection, so that one who has many takes nothing from one who has few.
 */
export class Connections {
  readonly #limit: number
  readonly #open: ByAddress = new Map()
  #size = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  /** A connection has come; its end is noticed. */
  add(socket: Socket): void {
    const address = socket.remoteAddress ?? '' // it may have ended already
    addTo(this.#open, address, socket)
    this.#size++
    socket.once('close', () => this.#forget(address, socket))
    if (this.#size > this.#limit) this.#closeOne()
  }

  #closeOne(): void {
    const [address, sockets] = most(this.#open)
    const [oldest] = sockets
    if (oldest === undefined) return
    this.#forget(address, oldest) // at once: "close" comes later
    oldest.destroy()
  }

  #forget(address: string, socket: Socket): void {
    if (this.#open.get(address)?.has(socket) !== true) return
    removeFrom(this.#open, address, socket)
    this.#size--
  }
}

/** Of several with as many: the one that has been there longest. */
function most(open: ByAddress): [string, ReadonlySet<Socket>] {
  return [...open].reduce((one, other) => (other[1].size > one[1].size ? other : one))
}
