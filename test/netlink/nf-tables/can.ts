// What the kernel that tests run on can do, as the agent finds out: what tests expect of it depends on that, and never on its version.
import { type Capabilities, probe } from '../../../src/netlink/nf-tables/capabilities.ts'
import { NetfilterSocket } from '../../../src/netlink/nf-tables/socket.ts'
import { emptyKernel } from './kernel.ts'

export const CAN: Capabilities = tried()

function tried(): Capabilities {
  const kernel = emptyKernel()
  const socket = new NetfilterSocket(kernel.path)
  try {
    return probe(socket)
  } finally {
    socket.close()
    kernel.close()
  }
}
