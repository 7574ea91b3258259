// What the kernel that tests run on can do, as the agent finds out: what tests expect of it depends on that, and never on its version.
import { execFileSync } from 'node:child_process'
import { type Capabilities, probe } from '../../../src/netlink/nf-tables/capabilities.ts'
import { NetfilterSocket } from '../../../src/netlink/nf-tables/socket.ts'
import { test } from '@jest/globals'
import { inNamespace } from '../../../lab/namespace.ts'
import { emptyKernel } from './kernel.ts'

export type Way = 'netlink' | 'nft'

interface Can extends Capabilities {
  /** The kernel takes what this nft makes of our rules. Newer kernels refuse the byte order of a single byte, which nft 1.0.6 asks for. */
  readonly nft: boolean
}

const RULE = 'table inet t { set s { type inet_proto . inet_service; flags interval; }; chain c { meta l4proto . th dport @s; }; }'

export const CAN: Can = tried()

/** The back ends that can be used here. */
export const WAYS: readonly Way[] = CAN.nft ? ['netlink', 'nft'] : ['netlink']

/** Tests of what this kernel has owners of tables for, and of what is done with nft. */
export const [testOwned, testNft] = [CAN.ownedTables ? test : test.skip, CAN.nft ? test : test.skip]

function tried(): Can {
  const kernel = emptyKernel()
  const socket = new NetfilterSocket(kernel.path)
  try {
    return { ...probe(socket), nft: inNamespace(kernel.name, takesNft) }
  } finally {
    socket.close()
    kernel.close()
  }
}

function takesNft(): boolean {
  try {
    execFileSync('nft', ['--check', RULE], { stdio: 'pipe' })
    return true
  } catch (error) {
    if ((error as { stderr: Buffer }).stderr.toString().includes('Operation not supported')) return false
    throw error
  }
}
