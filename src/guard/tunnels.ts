// The sets that keep pods from the tunnels of their own node: a packet that the node unwraps comes from the tunnel's device, as if from a pod
// elsewhere, and no policy of its sender is asked.
import { familyOf } from '../cluster/address.ts'
import type { Pod } from '../cluster/objects.ts'
import type { Tunnel } from '../cluster/tunnel.ts'
import { addressKey, protocolKey, tunnelKey } from '../nftables/keys.ts'
import { addElement, type GuardSets } from './elements.ts'

/** The elements of `tunnels`, `tunnel_protocols`, and of `local4` and `local6`: none without a tunnel. @param localPods pods of this node */
export function tunnelElements(localPods: Iterable<Pod>, tunnels: readonly Tunnel[]): GuardSets {
  const elements: GuardSets = new Map()
  for (const { protocol, port } of tunnels) {
    if (port === undefined) addElement(elements, 'tunnel_protocols', protocolKey(protocol))
    else addElement(elements, 'tunnels', tunnelKey(protocol, port))
  }
  if (tunnels.length === 0) return elements
  for (const { hostNetwork, addresses } of localPods) {
    if (!hostNetwork) for (const address of addresses) addElement(elements, `local${familyOf(address)}`, addressKey(address))
  }
  return elements
}
