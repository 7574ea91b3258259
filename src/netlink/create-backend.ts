// Where the agent gets its way into the kernel from.
import type { Backend } from '../nftables/backend.ts'
import { NetlinkBackend } from './nf-tables/backend.ts'
import { NftBackend } from './nft-program.ts'

export interface BackendOptions {
  /** netlink: raw nf_tables messages. nft: the nft program, which must be installed. */
  readonly kind: 'netlink' | 'nft'
  /** Path of a network namespace (/run/netns/NAME); undefined: the process's own. */
  readonly namespace?: string | undefined
  /** netlink only: tables that nobody else can change while this process lives, where the kernel has them. Default: true. */
  readonly own?: boolean | undefined
}

/** @throws SystemCallError if there is no CAP_NET_ADMIN or no such namespace */
export function createBackend({ kind, namespace, own }: BackendOptions): Backend {
  return kind === 'nft' ? new NftBackend({ namespace }) : new NetlinkBackend({ namespace, own })
}
