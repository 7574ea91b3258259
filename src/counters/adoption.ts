// What an earlier life of the agent has left in the kernel for policies and pods that still exist: its past, and what its counters have
// that are not wanted any more.
import { podKey } from '../cluster/objects.ts'
import type { Compiler } from '../compiler/compiler.ts'
import { isSetOf, memberFinder } from '../compiler/counter-members.ts'
import { counterName, denyCounter, ownPast, pastDenials, pastHits } from '../compiler/counter-names.ts'
import { hitsEver } from '../compiler/stages/active-policy.ts'
import type { Hit } from '../compiler/stages/verdict.ts'
import type { CounterName } from '../nftables/content.ts'
import { type CounterValue, plus } from '../nftables/transaction.ts'
import { type Direction, DIRECTIONS } from '../policy/types.ts'
import type { DeniedBy } from '../policy/verdict.ts'
import { accountsOf } from './accounts.ts'
import type { Reading } from './past.ts'

/** Of a ClusterNetworkPolicy in one direction (its CRD). */
const MAX_RULES = 25
const DENIED_BY: readonly DeniedBy[] = ['isolation', 'admin', 'baseline']

/**
 * @param wanted names of counters that go on, with what they have
 * @param own names of counters that are always there
 * @param reading what the kernel has
 * @returns by the name of the account that is to keep it
 */
export function adopted(compiler: Compiler, wanted: ReadonlySet<CounterName>, own: readonly CounterName[], reading: Reading): Reading {
  const amounts = new Map<CounterName, CounterValue>()
  for (const { account, from } of sourcesOf(compiler, own, wanted, reading)) {
    const value = wanted.has(from) ? undefined : reading.get(from)
    if (value !== undefined && value.packets > 0) amounts.set(account, plus(amounts.get(account), value)) // of nothing nothing is to be kept
  }
  return amounts
}

interface Source {
  readonly account: CounterName
  /** A counter that it is to keep, if the kernel has it. */
  readonly from: CounterName
}

function* sourcesOf(compiler: Compiler, own: readonly CounterName[], wanted: ReadonlySet<CounterName>, reading: Reading): Iterable<Source> {
  const policies = [...compiler.queries.allPolicies()]
  const hits = policies.flatMap((policy) => hitsEver(policy, MAX_RULES)) // their rules may have changed while no agent ran
  const pods = compiler.localPods().map(podKey)
  const pasts = [...own.map(ownPast), ...policies.flatMap(({ key }) => [...accountsOf({ policy: key })]), ...pods.flatMap((pod) => [...accountsOf({ pod })])]
  yield* pasts.map((account) => ({ account, from: account }))
  for (const direction of DIRECTIONS) {
    yield* hits.map((hit) => ({ account: accountOf(direction, hit), from: counterName({ kind: 'hits', direction, hits: [hit] }) }))
    yield* pods.flatMap((pod) => DENIED_BY.map((by) => ({ account: pastDenials(direction, pod, by), from: denyCounter(direction, pod, by) })))
    const membersOf = memberFinder(reading, direction, hits)
    for (const from of setsThatGo(direction, wanted, reading)) yield* membersOf(from).map((hit) => ({ account: accountOf(direction, hit), from }))
  }
}

function accountOf(direction: Direction, { policy, action }: Hit): CounterName {
  return pastHits(direction, policy, action)
}

function setsThatGo(direction: Direction, wanted: ReadonlySet<CounterName>, reading: Reading): CounterName[] {
  return [...reading.keys()].filter((name) => isSetOf(direction, name) && !wanted.has(name))
}
