// Element keys: the bytes the kernel compares, put together field by field (see Key in ../nftables/content.ts).
import type { Address } from '../cluster/address.ts'
import type { Protocol } from '../cluster/objects.ts'
import type { Key } from './content.ts'

/** IP protocol numbers (IANA) of the protocols that NetworkPolicy knows. */
export const PROTOCOL_NUMBER: Readonly<Record<Protocol, number>> = { TCP: 6, UDP: 17, SCTP: 132 }

const IFNAME_BYTES = 16

export function addressKey(address: Address): Key {
  return address as string as Key
}

export function rangeKey(first: Address, last: Address): Key {
  return (first + last) as Key
}

/** A pod and itself: source . destination. */
export function selfKey(source: Address, destination = source): Key {
  return (source + destination) as Key
}

export function classidBytes(id: number): string {
  return String.fromCharCode(id & 255, (id >>> 8) & 255, (id >>> 16) & 255, id >>> 24)
}

export function pairKey(classId: number, local: Address): Key {
  return (classidBytes(classId) + local) as Key
}

/** Of a list, or of a verdict. */
export function numberKey(number: number): Key {
  return classidBytes(number) as Key
}

export function portKey(list: number, protocol: Protocol, port: number): Key {
  return (classidBytes(list) + protocolAndPort(protocol, port)) as Key
}

export function portRangeKey(list: number, protocol: Protocol, ports: { readonly first: number; readonly last: number }): Key {
  return (portKey(list, protocol, ports.first) + portKey(list, protocol, ports.last)) as Key
}

/** Of a tunnel over UDP. */
export function tunnelKey(protocol: number, port: number): Key {
  return String.fromCharCode(protocol, 0, 0, 0, port >>> 8, port & 255, 0, 0) as Key
}

export function protocolKey(protocol: number): Key {
  return String.fromCharCode(protocol) as Key
}

/** An interface name alone, or with an address that may be the source of packets entering there. */
export function interfaceKey(ifname: string, address: Address | '' = ''): Key {
  return (ifname.padEnd(IFNAME_BYTES, '\0') + address) as Key
}

function protocolAndPort(protocol: Protocol, port: number): string {
  return String.fromCharCode(PROTOCOL_NUMBER[protocol], 0, 0, 0, port >>> 8, port & 255, 0, 0)
}
