// Everything there is to say about one policy, in the order of its fields.
import type { AddressRange } from '../cluster/address.ts'
import type { Queries } from '../compiler/queries.ts'
import { type AnyPolicy, isClusterPolicy } from '../compiler/stages/active-policy.ts'
import type { Steps } from '../base/steps.ts'
import { servicesInBlocks } from './blocks.ts'
import { selectedPorts, unknownPorts } from './ports.ts'
import { peersOf, type RulePlace, rulesOf } from './rule-place.ts'
import { selectsNoPod, unmatchedPeers } from './selectors.ts'
import { neverReached } from './unreached.ts'
import type { Found, Remarks, Warning, WarningReason } from './warning.ts'

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
export function* advise(policy: AnyPolicy, surroundings: Surroundings): Steps<Warning[]> {
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

function* everything(policy: AnyPolicy, { queries, serviceRanges }: Surroundings): Found {
  yield* selectsNoPod(policy, queries)
  const ofSelected = selectedPorts(policy, queries)
  for (const place of rulesOf(policy, queries)) {
    yield* neverReached(place)
    yield* warningsOf(place, 'peer-matches-nothing', peersOf(place), unmatchedPeers(place))
    yield* warningsOf(place, 'ipblock-in-service-range', peersOf(place), servicesInBlocks(place, serviceRanges))
    yield* warningsOf(place, 'named-port-unknown', 'protocols', unknownPorts(place, ofSelected))
  }
}

/**
 * One warning for each remark. Or one for the list of a ClusterNetworkPolicy, whose entries cannot be told apart any more: each network of a
 * peer is a peer by now, and each protocol of a named port a port.
 */
function* warningsOf({ policy, path }: RulePlace, reason: WarningReason, list: string, remarks: Remarks): Found {
  const messages: string[] = []
  for (const remark of remarks) {
    if (remark === undefined) yield undefined
    else if (isClusterPolicy(policy)) messages.push(remark.message)
    else yield { policy: policy.key, reason, field: `${path}.${remark.part}`, message: remark.message }
  }
  if (messages.length > 0) yield { policy: policy.key, reason, field: `${path}.${list}`, message: messages.join('; also ') }
}
