// An error as a word for a metric's label.
import { errnoName } from './errno.ts'
import { NetlinkError, SystemCallError, VethguardError } from './errors.ts'

/** @returns the name of its errno (`ENOBUFS`), else its code (`NFT`); `UNEXPECTED` for what is not one of ours */
export function failureCode(error: unknown): string {
  if (error instanceof NetlinkError || error instanceof SystemCallError) return errnoName(error.errno)
  return error instanceof VethguardError ? error.code : 'UNEXPECTED'
}
