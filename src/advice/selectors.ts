// Selectors that match nobody: of the pods that a policy is for, and of peers.
import type { Queries } from '../compiler/queries.ts'
import type { PodPredicate } from '../compiler/model.ts'
import { selectorText } from '../policy/selector.ts'
import type { PodPeer, Policy, Selector } from '../policy/types.ts'
import type { RulePlace } from './rule-place.ts'
import type { Found } from './warning.ts'

/** A selector may have thousands of values. */
const MAX_SHOWN = 200

/** `{}` is left alone: it cannot be misspelt, and waits for the namespace's first pod. */
export function* selectsNoPod(policy: Policy, queries: Queries): Found {
  const { key, namespace, podSelector } = policy
  if (podSelector.requirements.length === 0 || queries.selected(policy).length > 0) return
  const message = `${shown(podSelector)} matches no pod of namespace ${namespace}, so this policy does nothing; `
    + `compare it with "kubectl get pods -n ${namespace} --show-labels" (pods with hostNetwork do not count)`
  yield { policy: key, reason: 'selects-no-pod', field: 'spec.podSelector', message }
}

export function* unmatchedPeers({ policy, rule, active, peersPath }: RulePlace, queries: Queries): Found {
  if (rule.peers === 'any') return
  for (const [index, peer] of rule.peers.entries()) {
    yield undefined
    const predicate = active.peers[index]
    if (peer.kind !== 'pods' || typeof predicate !== 'object' || predicate.kind !== 'pods' || queries.isReached(predicate)) continue
    const { step, message } = unmatched(peer, predicate, { policy, queries })
    yield { policy: policy.key, reason: 'peer-matches-nothing', field: `${peersPath}[${index}].${step}`, message }
  }
}

/** Which of the two selectors is to blame, and why. */
function unmatched(peer: PodPeer, predicate: PodPredicate, { policy, queries }: { policy: Policy; queries: Queries }): { step: string; message: string } {
  const { namespaces, pods } = peer
  if (namespaces === 'own') {
    const message = `${shown(pods)} matches no pod of the policy's own namespace ${policy.namespace}, and without a namespaceSelector `
      + `it looks nowhere else; correct the labels, or add a namespaceSelector`
    return { step: 'podSelector', message }
  }
  if (namespaces.requirements.length === 0) {
    return { step: 'podSelector', message: `${shown(pods)} matches no pod of any namespace; compare it with "kubectl get pods -A --show-labels"` }
  }
  if (!queries.isNamespaceReached(predicate)) {
    return { step: 'namespaceSelector', message: `${shown(namespaces)} matches no namespace; compare it with "kubectl get namespaces --show-labels"` }
  }
  if (pods.requirements.length === 0) return { step: 'namespaceSelector', message: `${shown(namespaces)} matches only namespaces without pods` }
  const message = `${shown(pods)} matches no pod of the namespaces that namespaceSelector ${shown(namespaces)} matches; `
    + 'one entry means both together: for pods that fulfil either, make two entries of it'
  return { step: 'podSelector', message }
}

function shown(selector: Selector): string {
  const text = selector.requirements.length === 0 ? '{}' : selectorText(selector)
  return text.length > MAX_SHOWN ? `(${text.slice(0, MAX_SHOWN)}...)` : `(${text})`
}
