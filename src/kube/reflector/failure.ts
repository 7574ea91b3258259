// Why reading a resource was interrupted: as a label of metrics, and in words that say what to do.
import { ApiServerError, VethguardError } from '../../base/errors.ts'
import { SilenceError } from './deadline.ts'
import type { ResourceName } from './resource.ts'
import { isExpired } from './status.ts'

export const RESTART_REASONS = [
  'ended', // the server ended the watch, as it does every few minutes
  'expired', // what we know is too old to go on from: everything is reread
  'throttled', // 429
  'unauthorized', // 401: token or certificate
  'forbidden', // 403: RBAC
  'refused', // any other error that the server answered with
  'silent', // connected, but nothing came for too long
  'malformed', // what came is no event
  'credentials', // token, certificate or plugin cannot be read
  'connection', // not there, reset, TLS, ...
] as const

export type RestartReason = (typeof RESTART_REASONS)[number]

const SILENT: ReadonlySet<unknown> = new Set(['UND_ERR_BODY_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT'])
const BY_STATUS: ReadonlyMap<number, RestartReason> = new Map([[401, 'unauthorized'], [403, 'forbidden'], [429, 'throttled']])

export function restartReason(error: unknown): RestartReason {
  if (isExpired(error)) return 'expired'
  if (error instanceof ApiServerError) return BY_STATUS.get(error.status) ?? 'refused'
  if (error instanceof SilenceError || SILENT.has(codeOf(error))) return 'silent'
  if (error instanceof VethguardError) return error.code === 'CONFIG_INVALID' ? 'credentials' : 'malformed'
  return 'connection'
}

/** Says what happened to reading a resource, and what to do if anything can be done. */
export function explain(error: unknown, verb: 'list' | 'watch', resource: ResourceName): string {
  const remedy = `grant the verbs list and watch on ${resource} (ClusterRole and its binding)${OPT_OUTS.get(resource) ?? ''}`
  return explainRequest(error, `${verb} ${resource}`, remedy)
}

/** Says why it is not known whether the API server serves ClusterNetworkPolicies. */
export function explainDiscovery(error: unknown): string {
  return explainRequest(error, 'look for clusternetworkpolicies', `bind the ClusterRole system:discovery${OPT_OUT}`)
}

/** @param remedy of a missing right */
function explainRequest(error: unknown, request: string, remedy: string): string {
  const said = messageOf(error)
  switch (restartReason(error)) {
    case 'unauthorized':
      return `cannot ${request}: the API server does not know us (401): ${said}; check the token or client certificate`
    case 'forbidden':
      return `not allowed to ${request} (403): ${said}; ${remedy}`
    case 'throttled':
      return `cannot ${request}: the API server is overloaded (429): ${said}`
    case 'silent':
      return `cannot ${request}: the API server has fallen silent; reconnecting`
    case 'connection':
      return `cannot ${request}: ${said}${HINTS.get(String(codeOf(error))) ?? ''}`
    default:
      return `cannot ${request}: ${said}${error instanceof ApiServerError ? ` (${error.status})` : ''}`
  }
}

const OPT_OUT = ', or set --cluster-network-policies off'
const OPT_OUTS: ReadonlyMap<ResourceName, string> = new Map([['clusternetworkpolicies', OPT_OUT], ['nodes', OPT_OUT]])
const WRONG_CA = "; the server's certificate is not from the certificate authority that we trust: check certificate-authority"
const HINTS: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', '; nothing listens there: is the API server running, and is this its address?'],
  ['ENOTFOUND', '; the name of the API server does not resolve'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', WRONG_CA],
  ['SELF_SIGNED_CERT_IN_CHAIN', WRONG_CA],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', WRONG_CA],
  ['ERR_TLS_CERT_ALTNAME_INVALID', '; set tls-server-name to a name that is in the certificate'],
])

function codeOf(error: unknown): unknown {
  return (error as NodeJS.ErrnoException | null)?.code
}

/** Attempts at several addresses come as one error without a message of its own. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join(', ')
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}
