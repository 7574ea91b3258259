// Who an API object is: namespace and name out of its metadata. An object that does not say it properly is given a name, so
// that what it asks for is not lost.
import { fingerprint } from '../base/hash.ts'
import { type Place, field, isMissing, quote, report } from './fields.ts'

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const DNS_LABEL = new RegExp(`^${LABEL}$`)
const DNS_SUBDOMAIN = new RegExp(`^${LABEL}(\\.${LABEL})*$`)

export interface Identity {
  readonly namespace: string
  readonly name: string
}

/** DNS-1123 label, as namespaces must have. */
export function isDnsLabel(name: string): boolean {
  return name.length <= 63 && DNS_LABEL.test(name)
}

/** DNS-1123 subdomain, as most objects must have. */
export function isDnsSubdomain(name: string): boolean {
  return name.length <= 253 && DNS_SUBDOMAIN.test(name)
}

/**
 * Namespace and name of a namespaced object. A missing namespace is `default`. Errors are reported, and a name stands in that no
 * sound object has.
 */
export function readIdentity(root: Place): Identity {
  return { namespace: readNamespaceName(field(field(root, 'metadata'), 'namespace')), name: readObjectName(root) }
}

/** Reads the name of an object, as readIdentity does; all there is to the identity of a cluster-scoped one. */
export function readObjectName(root: Place): string {
  return readName(field(field(root, 'metadata'), 'name'), root.value)
}

function readNamespaceName(place: Place): string {
  const { value } = place
  if (isMissing(place) || value === '') return 'default'
  if (typeof value === 'string' && isDnsLabel(value)) return value
  const standIn = (typeof value === 'string' ? value : quote(value)).replaceAll('/', '?')
  report(place, `${quote(value)} is no name of a namespace`, `taken as ${quote(standIn)}`)
  return standIn
}

function readName(place: Place, object: unknown): string {
  const name = place.value
  if (typeof name === 'string' && isDnsSubdomain(name)) return name
  const standIn = `unnamed-${fingerprint(JSON.stringify(object))}`
  report(place, isMissing(place) ? 'missing' : `${quote(place.value)} is no name of an object`, `called ${standIn} here`)
  return standIn
}
