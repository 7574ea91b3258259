// A podSelector that selects nobody.
import type { Census } from '../compiler/census.ts'
import { selectorText } from '../policy/selector.ts'
import type { Policy } from '../policy/types.ts'
import type { Warning } from './warning.ts'

/** `{}` is left alone: it cannot be misspelt, and waits for the first pod of the namespace. */
export function* selectsNoPod(policy: Policy, census: Census): Iterable<Warning> {
  const { key, namespace, podSelector } = policy
  if (podSelector.requirements.length === 0 || census.selected(policy).length > 0) return
  const message = `(${selectorText(podSelector)}) matches no pod of namespace ${namespace}, so this policy does nothing; `
    + `compare it with "kubectl get pods -n ${namespace} --show-labels" (pods with hostNetwork do not count)`
  yield { policy: key, reason: 'selects-no-pod', field: 'spec.podSelector', message }
}
