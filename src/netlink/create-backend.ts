// Where the agent gets its way into the kernel from.
import { hasErrno, VethguardError } from '../base/errors.ts'
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

/** @throws VethguardError NODE_UNFIT if there is no CAP_NET_ADMIN, or the kernel is too old; SystemCallError if there is no such namespace */
export function createBackend({ kind, namespace, own }: BackendOptions): Backend {
  const backend = kind === 'nft' ? new NftBackend({ namespace }) : new NetlinkBackend({ namespace, own })
  try {
    backend.reader.state()
    return backend
  } catch (error) {
    backend.close()
    throw hasErrno(error, 'EPERM') ? noRight(error) : error
  }
}

/** Even read-only nf_tables requests need CAP_NET_ADMIN. */
function noRight(cause: Error): VethguardError {
  const remedy = 'run it as user 0 with CAP_NET_ADMIN (in a container: securityContext.capabilities.add: [NET_ADMIN])'
  return new VethguardError('NODE_UNFIT', `the kernel lets this process read and change no nftables: ${remedy}`, { cause })
}
