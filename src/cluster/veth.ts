// What a node knows of the links that lead to its pods: what binding a pod to its link looks at.
import type { Address } from './address.ts'

/** The node's end of a pair whose other end is in another network namespace: most of them belong to a pod. */
export interface Veth {
  readonly ifindex: number
  /** One char a byte (latin1), as in the kernel: at most 15. */
  readonly ifname: string
  /** Name of the bridge that this end is a port of; undefined: packets are routed from it. */
  readonly bridge: string | undefined
  /** Addresses of the other end, inside its namespace. Sorted; without link-local ones. */
  readonly addresses: readonly Address[]
  /** Link-local addresses (fe80::/10, 169.254.0.0/16) of the other end. */
  readonly linkLocal: readonly Address[]
  /** Addresses that the node's own host routes (/32, /128, without a gateway) send to this end. Sorted. */
  readonly routed: readonly Address[]
  /**
   * Addresses that the node's neighbour table, and for a bridge port its forwarding table, lead to this end. Learned from
   * packets, so a pod can forge them: the last resort. Empty where `addresses` is known.
   */
  readonly learned: readonly Address[]
}
