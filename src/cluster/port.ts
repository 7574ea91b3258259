// What Kubernetes takes for a port: number, name, protocol. Pods and policies read theirs by the same rules.
import { type Place, isMissing, quote, report } from './fields.ts'
import type { Protocol } from './objects.ts'

const PROTOCOLS: ReadonlySet<unknown> = new Set<Protocol>(['TCP', 'UDP', 'SCTP'])
const PORT_NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/

export function isPortNumber(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 65_535
}

/** validation.IsValidPortName: an IANA service name. */
export function isPortName(name: string): boolean {
  return name.length <= 15 && PORT_NAME.test(name) && /[a-z]/.test(name)
}

/** Missing is TCP. Null (reported) if it is no protocol that NetworkPolicy knows. */
export function readProtocol(place: Place): Protocol | null {
  if (isMissing(place)) return 'TCP'
  if (PROTOCOLS.has(place.value)) return place.value as Protocol
  return report(place, `${quote(place.value)} is not TCP, UDP or SCTP`)
}
