// Which pod an address means, when pods come and go and addresses are used again.
import type { Address } from '../cluster/address.ts'
import type { Pod } from '../cluster/objects.ts'

/** Pods with equal claims to an address: none (not a pod's), one (its owner), or several (contested). */
export type Claimants = readonly Pod[]

/**
 * The pods with the best claim to an address: those not terminating before those terminating, then those running before
 * the others. Pods on their node's network have no address of their own.
 */
export function claimantsOf(address: Address, pods: Iterable<Pod>): Claimants {
  const candidates = [...pods].filter((pod) => !pod.hostNetwork && pod.addresses.includes(address))
  const best = Math.min(...candidates.map(rank))
  return candidates.filter((pod) => rank(pod) === best)
}

/** The pod that selectors and named ports may take an address for; undefined if there is none, or none to trust. */
export function ownerOf(address: Address, pods: Iterable<Pod>): Pod | undefined {
  return trustedOwner(claimantsOf(address, pods))
}

export function trustedOwner(claimants: Claimants): Pod | undefined {
  const [pod, ...others] = claimants
  return pod === undefined || pod.faulty || others.length > 0 ? undefined : pod
}

function rank(pod: Pod): number {
  return (pod.terminating ? 2 : 0) + (pod.phase === 'Running' ? 0 : 1)
}
