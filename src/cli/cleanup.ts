// `vethguard cleanup`: takes the tables out of the kernel.
import type { Config } from '../config/options.ts'
import { createBackend } from '../netlink/create-backend.ts'
import { cleanup } from '../nftables/transaction.ts'

/** @throws VethguardError NODE_UNFIT while an agent runs: it has to stop first */
export async function runCleanup({ backend: kind }: Config<'backend'>): Promise<void> {
  const backend = createBackend({ kind, own: false })
  try {
    await backend.commit(cleanup(backend.reader.state()))
  } finally {
    backend.close()
  }
}
