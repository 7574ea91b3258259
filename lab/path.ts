// Which machine a host hands its frames to.
import type { Address } from '../src/cluster/address.ts'
import type { Host } from './host.ts'
import { gatewayMac, type LabPod } from './pod.ts'

/** @param service the packet goes to this address instead of `to`'s own, so it must go by the gateway */
export function nextHopMac(from: Host, to: Host, service?: Address): string {
  if (isPod(from)) return service === undefined && areNeighbours(from, to) ? to.mac : gatewayMac(from)
  return isPod(to) ? to.node.mac : to.mac
}

/** Ports of one bridge talk directly. */
function areNeighbours(from: LabPod, to: Host): boolean {
  return isPod(to) && from.node === to.node && from.node.layout === 'bridge'
}

function isPod(host: Host): host is LabPod {
  return 'veth' in host
}
