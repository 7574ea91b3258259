// NetworkPolicyPort -> Port.
import { type Place, field, hasOnly, isMissing, isObject, quote, report } from '../cluster/fields.ts'
import type { Protocol } from '../cluster/objects.ts'
import { isPortName, isPortNumber, readProtocol } from '../cluster/port.ts'
import type { Port } from './types.ts'

const FIELDS = new Set(['protocol', 'port', 'endPort'])
const ALL_PORTS = { first: 0, last: 65_535 }

/** One entry of `ports`; null (reported) if it is wrong: it then matches nothing. */
export function readPort(place: Place): Port | null {
  if (!isObject(place) || !hasOnly(place, FIELDS)) return null
  const protocol = readProtocol(field(place, 'protocol'))
  if (protocol === null) return null
  const port = field(place, 'port')
  const end = field(place, 'endPort')
  return isMissing(end) ? readSinglePort(port, protocol) : readPortRange(port, end, protocol)
}

function readSinglePort(place: Place, protocol: Protocol): Port | null {
  const { value } = place
  if (isMissing(place)) return { kind: 'number', protocol, ...ALL_PORTS }
  if (isPortNumber(value)) return { kind: 'number', protocol, first: value, last: value }
  if (typeof value !== 'string') return report(place, `${quote(value)} is not a port (1 to 65535) or the name of one`)
  if (isPortName(value)) return { kind: 'name', protocol, name: value }
  const hint = /^\d+$/.test(value) ? '; a number in quotes is taken for a name, and names need a letter' : ''
  return report(place, `${quote(value)} is no port name (at most 15 of a-z, 0-9 and inner single -)${hint}`)
}

function readPortRange(port: Place, end: Place, protocol: Protocol): Port | null {
  const [first, last] = [port.value, end.value]
  if (!isPortNumber(first)) return report(end, 'needs a numeric port (1 to 65535) to start from')
  if (!isPortNumber(last)) return report(end, `${quote(last)} is not a port (1 to 65535)`)
  if (last < first) return report(end, `${last} is below port ${first}`)
  return { kind: 'number', protocol, first, last }
}
