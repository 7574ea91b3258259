// Whose address is it? Decides between pods that claim the same one.
import type { Pod } from '../../cluster/objects.ts'
import type { PodRecord } from '../model.ts'

/** An owner; 'contested': several with the same right, and packets cannot tell them apart. */
export type Owner = PodRecord | 'contested' | undefined

/**
 * The pod that has the address: one that is not being deleted before one that is (its address may have been given away
 * already), then a running one before others.
 */
export function ownerOf(claims: readonly PodRecord[]): Owner {
  const best = contenders(claims)
  return best.length > 1 ? 'contested' : best[0]
}

/** The claims with the best right, more than one if the address is contested. */
export function contenders(claims: readonly PodRecord[]): readonly PodRecord[] {
  if (claims.length < 2) return claims
  const best = Math.max(...claims.map(({ pod }) => right(pod)))
  return claims.filter(({ pod }) => right(pod) === best)
}

function right({ terminating, phase }: Pod): number {
  return (terminating ? 0 : 2) + (phase === 'Running' ? 1 : 0)
}
