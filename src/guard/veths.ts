// What the guard needs to know about the node's veths; netlink/route/veths.ts finds it out.
import type { Tunnel } from '../cluster/tunnel.ts'
import type { Veth } from '../cluster/veth.ts'

export interface Veths {
  start(): void
  veths(): Iterable<Veth>
  /** What the node's own tunnel devices unwrap. */
  tunnels(): Iterable<Tunnel>
  /** Rereads the addresses behind all veths: the kernel sends no event when a pod's namespace gets one late. */
  refresh(): void
  close(): Promise<void>
}

/**
 * Makes the follower of the node's veths.
 * @param onChange called after any veth or tunnel changed, appeared or disappeared; does not throw
 * @param onError called when veths cannot be read; the follower retries by itself
 */
export type FollowVeths = (onChange: () => void, onError: (error: Error) => void) => Veths
