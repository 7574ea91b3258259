// Peers of policies.
import { formatAddress } from '../../../../src/cluster/address.ts'
import type { Target } from '../reach.ts'

/** ipBlock peers that are exactly the addresses of one machine. */
export function rangesOf({ addresses }: Target): object[] {
  return [{ ipBlock: { cidr: `${formatAddress(addresses[4])}/32` } }, { ipBlock: { cidr: `${formatAddress(addresses[6])}/128` } }]
}

/** A peer: the pods of the policy's namespace whose label `app` is this. */
export function appPeer(app: string): object {
  return { podSelector: { matchLabels: { app } } }
}
