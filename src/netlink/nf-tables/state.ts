// Whose the kernel's tables are.
import { VethguardError } from '../../base/errors.ts'
import type { BackendState, TableState } from '../../nftables/backend.ts'
import type { KernelTable } from './decode.ts'

/** @param portId of the socket that owns our tables; undefined: we own none */
export function tableState(table: KernelTable, portId: number | undefined): TableState {
  return { handle: table.handle, flags: table.flags, owner: ownerOf(table, portId) }
}

export function ownedByOther({ tables }: BackendState): boolean {
  return [...tables.values()].some(({ owner }) => owner === 'other')
}

export function foreignTables(cause: unknown): VethguardError {
  return new VethguardError('NODE_UNFIT', 'the tables belong to another vethguard that is running: stop it first', { cause })
}

/** When its owner dies, a persistent table loses its owner flag. */
function ownerOf({ flags, owner }: KernelTable, portId: number | undefined): TableState['owner'] {
  if (!flags.includes('owner')) return flags.includes('persist') ? 'orphan' : 'none'
  return owner === portId ? 'self' : 'other'
}
