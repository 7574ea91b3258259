// Every error that this program throws on purpose, with a stable `code` to tell it by. The message says what happened, to
// which object, and what to do; `cause` keeps what lies beneath.

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
    super('SYSTEM_CALL', `${call}: ${errnoName(errno)}`, options)
    this.errno = errno
  }

  /** Whether an error is of this class and number. */
  static is(error: unknown, errno: number): error is SystemCallError {
    return error instanceof SystemCallError && error.errno === errno
  }
}

/** The kernel answered a request with an error. `errno` is positive; `request` names what was asked, as `nft` would write it. */
export class NetlinkError extends VethguardError {
  readonly errno: number
  constructor(request: string, errno: number, options?: ErrorOptions) {
    super('NETLINK', `${request}: ${errnoName(errno)}`, options)
    this.errno = errno
  }
}

/** Name, and text in parentheses. */
export function errnoName(errno: number): string {
  return ERRNO_NAMES[errno] ?? `errno ${errno}`
}

/** errno names and texts of linux/errno-base.h and asm-generic/errno.h, those that netlink and sockets return. */
const ERRNO_NAMES: Readonly<Record<number, string>> = {
  1: 'EPERM (operation not permitted; CAP_NET_ADMIN is needed)',
  2: 'ENOENT (no such object)',
  4: 'EINTR (interrupted)',
  11: 'EAGAIN (try again)',
  12: 'ENOMEM (out of memory)',
  16: 'EBUSY (object in use)',
  17: 'EEXIST (object exists)',
  19: 'ENODEV (no such device)',
  22: 'EINVAL (invalid argument)',
  24: 'EMFILE (too many open files)',
  28: 'ENOSPC (no space left)',
  34: 'ERANGE (out of range)',
  75: 'EOVERFLOW (value too large)',
  85: 'ERESTART (ruleset changed meanwhile)',
  90: 'EMSGSIZE (message too long)',
  93: 'EPROTONOSUPPORT (protocol not supported)',
  95: 'EOPNOTSUPP (operation not supported)',
  97: 'EAFNOSUPPORT (address family not supported)',
  105: 'ENOBUFS (events were lost)',
}
