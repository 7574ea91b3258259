// A cheap look at the kernel: which tables there are, whose they are, and the generation.
import { VethguardError } from '../../base/errors.ts'
import type { BackendState, TableState } from '../../nftables/backend.ts'
import type { TableFamily } from '../../nftables/schema.ts'
import type { TableFlag } from '../../nftables/transaction.ts'
import type { KernelTable } from './decode.ts'
import type { Reader } from './reader.ts'

export interface StateOptions {
  /** Flags for new tables. */
  readonly flags: readonly TableFlag[]
  /** The port id that owns our tables; 0: we own none. */
  readonly portId: number
}

export function readState(reader: Reader, { flags, portId }: StateOptions): BackendState {
  const tables = new Map<TableFamily, TableState>()
  for (const [family, table] of reader.tables()) {
    tables.set(family, { handle: table.handle, flags: table.flags, owner: ownerOf(table, portId) })
  }
  return { generation: reader.generation(), tables, flags }
}

export function ownedByOther({ tables }: BackendState): boolean {
  return [...tables.values()].some(({ owner }) => owner === 'other')
}

export function foreignTables(cause: unknown): VethguardError {
  return new VethguardError('NODE_UNFIT', 'the tables belong to another vethguard that is running: stop it first', { cause })
}

/** When its owner dies, a persistent table loses its owner flag. */
function ownerOf({ flags, owner }: KernelTable, portId: number): TableState['owner'] {
  if (!flags.includes('owner')) return flags.includes('persist') ? 'orphan' : 'none'
  return owner === portId ? 'self' : 'other'
}
