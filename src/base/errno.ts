// Names of errno(3), with what they mean where netlink and sockets return them.
import { constants } from 'node:os'

/** A name of errno(3), as in ENOENT. */
export type ErrnoName = keyof typeof constants.errno

/** Only known inside the kernel, except that nf_tables answers with it. */
const ERESTART = 85

const EXPLANATIONS: Readonly<Record<string, string>> = {
  EPERM: 'operation not permitted; CAP_NET_ADMIN is needed',
  ENOENT: 'no such object',
  EINTR: 'interrupted',
  EAGAIN: 'try again',
  ENOMEM: 'out of memory',
  EBUSY: 'object in use',
  EEXIST: 'object exists',
  ENODEV: 'no such device',
  EINVAL: 'invalid argument',
  EMFILE: 'too many open files',
  ENOSPC: 'no space left',
  ERANGE: 'out of range',
  EOVERFLOW: 'value too large',
  ERESTART: 'ruleset changed meanwhile',
  EMSGSIZE: 'message too long',
  EPROTONOSUPPORT: 'protocol not supported',
  EOPNOTSUPP: 'operation not supported',
  EAFNOSUPPORT: 'address family not supported',
  ENOBUFS: 'events were lost',
}

/** Of two names for one number, the explained one. */
const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries({ ...constants.errno, ERESTART })
    .sort(([a], [b]) => Number(a in EXPLANATIONS) - Number(b in EXPLANATIONS))
    .map(([name, errno]) => [errno, name]),
)

/** @param errno positive @returns such as `ENOBUFS` */
export function errnoName(errno: number): string {
  return NAMES.get(errno) ?? `errno ${errno}`
}

/** @returns the name, with an explanation in parentheses if there is one */
export function errnoText(errno: number): string {
  const name = errnoName(errno)
  const explanation = EXPLANATIONS[name]
  return explanation === undefined ? name : `${name} (${explanation})`
}
