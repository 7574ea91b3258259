// A way into no kernel: for `--dry-run`. It only says what would be done.
import type { Backend, BackendState } from './backend.ts'
import { render } from './render.ts'

/** As in a network namespace where nobody has been yet. */
const EMPTY: BackendState = { generation: 0, flags: [], tables: new Map() }

/** @param tell takes each transaction as nft text */
export function dryRun(tell: (nft: string) => void): Backend {
  return {
    commit: (transaction) => {
      tell(render(transaction))
      return undefined
    },
    readContent: () => Promise.resolve(undefined),
    readCounters: () => Promise.resolve(new Map()),
    readCountersNow: () => new Map(),
    state: () => EMPTY,
    close: () => undefined,
  }
}
