// Everything there is to say about one policy, in the order of its fields.
import type { AddressRange } from '../cluster/address.ts'
import type { Queries } from '../compiler/queries.ts'
import type { Policy } from '../policy/types.ts'
import type { Steps } from '../base/steps.ts'
import { servicesInBlocks } from './blocks.ts'
import { rulesOf } from './rule-place.ts'
import { selectedPorts, unknownPorts } from './ports.ts'
import { selectsNoPod, unmatchedPeers } from './selectors.ts'
import type { Found, Warning } from './warning.ts'

export interface Surroundings {
  readonly queries: Queries
  /** Ranges of addresses of Services, as far as they are known. */
  readonly serviceRanges: readonly AddressRange[]
}

/** No more are given for one policy: after so many its author knows what to look for. */
export const MAX_WARNINGS = 20

/**
 * What a policy cannot do although it seems to. Its rules are looked at only if it selects a pod of this node: else they do nothing here.
 * The cluster may change between two steps; if the policy itself does, the rest of it is left for another time.
 * @param policy read without any problem: the places of its entries are those of the object
 */
export function* advise(policy: Policy, surroundings: Surroundings): Steps<Warning[]> {
  const warnings: Warning[] = []
  const { queries } = surroundings
  const known = queries.active(policy.key)
  for (const found of everything(policy, surroundings)) {
    if (found !== undefined && warnings.push(found) === MAX_WARNINGS) break
    yield
    if (queries.active(policy.key) !== known) break
  }
  return warnings
}

function* everything(policy: Policy, { queries, serviceRanges }: Surroundings): Found {
  yield* selectsNoPod(policy, queries)
  const ofSelected = selectedPorts(policy, queries)
  for (const place of rulesOf(policy, queries)) {
    yield* unmatchedPeers(place, queries)
    yield* servicesInBlocks(place, serviceRanges)
    yield* unknownPorts(place, queries, ofSelected)
  }
}
