// Every error that this program throws on purpose, with a stable `code` to tell it by. The message says what happened, to
// which object, and what to do; `cause` keeps what lies beneath.
import { constants } from 'node:os'
import { type ErrnoName, errnoText } from './errno.ts'

export type ErrorCode =
  | 'CONFIG_INVALID' // a flag, environment variable or file of the user's
  | 'SOURCE_UNREADABLE' // the folder or the API server cannot be read at all
  | 'API_SERVER' // the API server answered with an error; see ApiServerError
  | 'SYSTEM_CALL' // a libc call failed; see SystemCallError
  | 'NETLINK' // the kernel refused a netlink request; see NetlinkError
  | 'NFT' // the nft program failed
  | 'NODE_UNFIT' // the node cannot enforce: missing right, kernel feature or sysctl

export class VethguardError extends Error {
  readonly code: ErrorCode
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.name = new.target.name
  }
}

/** The API server answered with a Status of failure: as a response, or as an event of a watch. */
export class ApiServerError extends VethguardError {
  /** HTTP status code. */
  readonly status: number
  /** metav1.StatusReason, such as `Forbidden` or `Expired`; empty if the server gave none. */
  readonly reason: string
  /** How long the server asks to be left alone (Retry-After). */
  readonly retryAfterMs: number | undefined
  constructor(message: string, { status, reason, retryAfterMs }: Pick<ApiServerError, 'status' | 'reason' | 'retryAfterMs'>) {
    super('API_SERVER', message)
    this.status = status
    this.reason = reason
    this.retryAfterMs = retryAfterMs
  }
}

/** A libc call returned -1. `errno` is the positive number of errno(3). */
export class SystemCallError extends VethguardError {
  readonly errno: number
  constructor(call: string, errno: number, options?: ErrorOptions) {
    super('SYSTEM_CALL', `${call}: ${errnoText(errno)}`, options)
    this.errno = errno
  }
}

/** The kernel answered a request with an error. `errno` is positive; `request` names what was asked, as `nft` would write it. */
export class NetlinkError extends VethguardError {
  readonly errno: number
  constructor(request: string, errno: number, options?: ErrorOptions) {
    super('NETLINK', `${request}: ${errnoText(errno)}`, options)
    this.errno = errno
  }
}

/** Whether a libc call or a netlink request failed with this errno. */
export function hasErrno(error: unknown, name: ErrnoName): error is SystemCallError | NetlinkError {
  return (error instanceof SystemCallError || error instanceof NetlinkError) && error.errno === constants.errno[name]
}
