// What every machine of the lab has in common, a pod or an external host: a namespace with one Ethernet link.
import { addressFromBytes, formatAddress, parseAddress, type Address, type Family } from '../src/cluster/address.ts'

/** A namespace with one veth, `eth0`, and an address of each family on it. */
export interface Host {
  /** As tests print it: `pod3`, `external0`. */
  readonly name: string
  readonly namespace: string
  readonly mac: string
  readonly address4: Address
  readonly address6: Address
}

export function addressOf(host: Pick<Host, 'address4' | 'address6'>, family: Family): Address {
  return family === 4 ? host.address4 : host.address6
}

/** Both addresses as `ip` takes them. */
export function addressTexts(host: Pick<Host, 'address4' | 'address6'>): [string, string] {
  return [formatAddress(host.address4), formatAddress(host.address6)]
}

/** An address that is written in the code. */
export function literalAddress(text: string): Address {
  const address = parseAddress(text)
  if (address === undefined) throw new Error(`${text} is no address`)
  return address
}

/** A locally administered MAC address; `kind` keeps pods, veths, bridges and uplinks apart. */
export function macAddress(kind: number, node: number, index: number): string {
  return [2, kind, 0, node, index >> 8, index & 255].map((byte) => byte.toString(16).padStart(2, '0')).join(':')
}

/** Address `10.244.NODE.x` or `fd00:10:244:NODE::x`, the way pod CIDRs of nodes are usually cut. */
export function podNetworkAddress(family: Family, node: number, host: number): Address {
  return family === 4
    ? addressFromBytes([10, 244, node, host])
    : literalAddress(`fd00:10:244:${node.toString(16)}::${host.toString(16)}`)
}
