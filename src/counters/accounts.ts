// Accounts: what is counted for each policy and pod, by direction, and by action or by what denied. The name of an account is that of the
// counter in the kernel that keeps its past.
import { type PodKey, podKey, type PolicyKey } from '../cluster/objects.ts'
import type { Compiler } from '../compiler/compiler.ts'
import { type CounterMeaning, pastDenials, pastHits } from '../compiler/counter-names.ts'
import { hitsOf, isClusterPolicy } from '../compiler/stages/active-policy.ts'
import type { CounterName } from '../nftables/content.ts'
import { DIRECTIONS } from '../policy/types.ts'
import type { DeniedBy, HitAction } from '../policy/verdict.ts'
import type { DeniedTotal, PolicyTotal } from './totals.ts'

export interface Account<Of> {
  readonly name: CounterName
  readonly of: Of
  readonly isShownAtZero: () => boolean
}

const ACTIONS: readonly HitAction[] = ['accept', 'deny', 'pass']
const DENIED_BY: readonly DeniedBy[] = ['isolation', 'admin', 'baseline']

/** Those of all policies of the cluster. An action of a policy is shown at 0 if the policy applies to a pod of this node. */
export function* policyAccounts({ queries }: Compiler): Iterable<Account<Omit<PolicyTotal, 'packets'>>> {
  for (const policy of queries.allPolicies()) {
    const { key } = policy
    for (const direction of DIRECTIONS) {
      const actions = new Set(hitsOf(policy, direction).map(({ action }) => action))
      for (const action of isClusterPolicy(policy) ? ACTIONS : (['accept'] as const)) {
        const isShownAtZero = (): boolean => actions.has(action) && queries.podsOf(key, direction) > 0
        yield { name: pastHits(direction, key, action), of: { key, direction, action }, isShownAtZero }
      }
    }
  }
}

/** Those of the pods of this node. What can deny a pod is shown at 0. */
export function* podAccounts(compiler: Compiler): Iterable<Account<Omit<DeniedTotal, 'packets'>>> {
  for (const key of compiler.localPods().map(podKey)) {
    for (const direction of DIRECTIONS) {
      for (const by of DENIED_BY) {
        yield { name: pastDenials(direction, key, by), of: { key, direction, by }, isShownAtZero: () => compiler.denials(key, direction).has(by) }
      }
    }
  }
}

/** The accounts that a policy or pod can have; a NetworkPolicy has one in each direction. */
export function accountsOf(of: { readonly policy: PolicyKey } | { readonly pod: PodKey }): Set<CounterName> {
  return new Set(DIRECTIONS.flatMap((direction) => (
    'policy' in of ? ACTIONS.map((action) => pastHits(direction, of.policy, action)) : DENIED_BY.map((by) => pastDenials(direction, of.pod, by))
  )))
}

/** The accounts that a counter counts for. */
export function accountsOfCounter(meaning: CounterMeaning): { readonly name: CounterName; readonly of: PolicyKey | PodKey }[] {
  const { direction } = meaning
  if (meaning.kind === 'denied') return [{ name: pastDenials(direction, meaning.pod, meaning.by), of: meaning.pod }]
  return meaning.hits.map(({ policy, action }) => ({ name: pastHits(direction, policy, action), of: policy }))
}
