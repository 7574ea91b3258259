// Everything there is to say about one policy, in the order of its fields.
import type { AddressRange } from '../cluster/address.ts'
import type { Census } from '../compiler/census.ts'
import type { Policy } from '../policy/types.ts'
import { servicesInBlocks } from './blocks.ts'
import { rulesOf } from './rule-place.ts'
import { unknownPorts } from './ports.ts'
import { selectsNoPod, unmatchedPeers } from './selectors.ts'
import type { Warning } from './warning.ts'

export interface Surroundings {
  readonly census: Census
  /** Ranges of addresses of Services, as far as they are known. */
  readonly serviceRanges: readonly AddressRange[]
}

/** No more are given for one policy: after so many its author knows what to look for. */
export const MAX_WARNINGS = 20

/**
 * What a policy cannot do although it seems to. Its rules are looked at only if it selects a pod of this node: else they do nothing here.
 * @param policy read without any problem: the places of its entries are those of the object
 */
export function advise(policy: Policy, surroundings: Surroundings): Warning[] {
  const warnings: Warning[] = []
  for (const warning of everything(policy, surroundings)) {
    if (warnings.push(warning) === MAX_WARNINGS) break
  }
  return warnings
}

function* everything(policy: Policy, { census, serviceRanges }: Surroundings): Iterable<Warning> {
  yield* selectsNoPod(policy, census)
  for (const place of rulesOf(policy, census)) {
    yield* unmatchedPeers(place, census)
    yield* servicesInBlocks(place, serviceRanges)
    yield* unknownPorts(place, census)
  }
}
