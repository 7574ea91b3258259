// One entry of `protocols` of a ClusterNetworkPolicy -> ports.
import { type Place, field, hasOnly, isMissing, isObject, quote, report } from '../cluster/fields.ts'
import type { Protocol } from '../cluster/objects.ts'
import { isPortName, isPortNumber } from '../cluster/port.ts'
import { onlyField } from './crd-fields.ts'
import type { Port } from './types.ts'

const PROTOCOLS: Readonly<Record<'tcp' | 'udp' | 'sctp', Protocol>> = { tcp: 'TCP', udp: 'UDP', sctp: 'SCTP' }
const PROTOCOL_FIELDS = new Set(['destinationPort'])
const RANGE_FIELDS = new Set(['start', 'end'])

/** Reads one entry; null (reported) if any part of it is not understood. A name stands for a port of any protocol. */
export function readClusterPorts(place: Place): Port[] | null {
  const kind = onlyField(place, ['tcp', 'udp', 'sctp', 'destinationNamedPort'])
  if (kind === null) return null
  return kind === 'destinationNamedPort' ? readNamedPort(field(place, kind)) : readProtocol(field(place, kind), PROTOCOLS[kind])
}

function readNamedPort(place: Place): Port[] | null {
  const { value } = place
  if (typeof value === 'string' && isPortName(value)) return Object.values(PROTOCOLS).map((protocol) => ({ kind: 'name', protocol, name: value }))
  return report(place, `${quote(value)} is not a port name (at most 15 of a-z, 0-9 and inner single -)`)
}

function readProtocol(place: Place, protocol: Protocol): Port[] | null {
  if (!isObject(place) || !hasOnly(place, PROTOCOL_FIELDS)) return null
  const port = field(place, 'destinationPort')
  if (isMissing(port)) return report(port, 'missing')
  const kind = onlyField(port, ['number', 'range'])
  if (kind === null) return null
  const range = kind === 'range' ? readRange(field(port, kind)) : readNumber(field(port, kind))
  return range && [{ kind: 'number', protocol, ...range }]
}

function readNumber(place: Place): { first: number; last: number } | null {
  const { value } = place
  return isPortNumber(value) ? { first: value, last: value } : report(place, `${quote(value)} is not a port (1 to 65535)`)
}

function readRange(place: Place): { first: number; last: number } | null {
  if (!isObject(place) || !hasOnly(place, RANGE_FIELDS)) return null
  const start = readNumber(field(place, 'start'))
  const end = readNumber(field(place, 'end'))
  if (start === null || end === null) return null
  return start.first <= end.last ? { first: start.first, last: end.last } : report(place, `end ${end.last} is below start ${start.first}`)
}
