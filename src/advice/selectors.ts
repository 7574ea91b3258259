// Selectors that match nobody: of the pods that a policy is for, and of peers.
import type { Queries } from '../compiler/queries.ts'
import { type AnyPolicy, isClusterPolicy } from '../compiler/stages/active-policy.ts'
import { splitKey } from '../cluster/objects.ts'
import { selectorText } from '../policy/selector.ts'
import type { ClusterPolicy, NodePeer, PodPeer, Policy, Selector } from '../policy/types.ts'
import { peersOf, type RulePlace } from './rule-place.ts'
import type { Found, Remarks } from './warning.ts'

/** A selector may have thousands of values. */
const MAX_SHOWN = 200

export function* selectsNoPod(policy: AnyPolicy, queries: Queries): Found {
  const { step, message, isEmpty } = isClusterPolicy(policy) ? subjectOf(policy) : podsOf(policy)
  if (isEmpty || hasAny(queries.selected(policy))) return
  yield { policy: policy.key, reason: 'selects-no-pod', field: `spec.${step}`, message: `${message} (pods with hostNetwork do not count)` }
}

function hasAny(list: Iterable<unknown>): boolean {
  for (const _ of list) return true
  return false
}

/** What selects the pods of a policy. `{}` is left alone: it cannot be misspelt, and waits for the first pod. */
interface Selection {
  readonly step: string
  readonly message: string
  readonly isEmpty: boolean
}

function podsOf({ namespace, podSelector }: Policy): Selection {
  const message = `${shown(podSelector)} matches no pod of namespace ${namespace}, so this policy does nothing; `
    + `compare it with "kubectl get pods -n ${namespace} --show-labels"`
  return { step: 'podSelector', message, isEmpty: podSelector.requirements.length === 0 }
}

function subjectOf({ subject: { namespaces, pods } }: ClusterPolicy): Selection {
  const message = `selects no pod, so this policy does nothing: no namespace that ${shown(namespaces)} matches has a pod that ${shown(pods)} matches; `
    + 'compare them with "kubectl get namespaces --show-labels" and "kubectl get pods -A --show-labels"'
  return { step: 'subject', message, isEmpty: namespaces.requirements.length + pods.requirements.length === 0 }
}

export function* unmatchedPeers(place: RulePlace): Remarks {
  const { rule, reach } = place
  if (rule.peers === 'any') return
  for (const [index, peer] of rule.peers.entries()) {
    yield undefined
    if (peer.kind === 'block' || reach.isMatched(peer)) continue
    const { step, message } = peer.kind === 'nodes' ? unmatchedNodes(peer) : unmatched(peer, place)
    yield { part: `${peersOf(place)}[${index}].${step}`, message }
  }
}

interface Blame {
  /** The field of the peer. */
  readonly step: string
  readonly message: string
}

function unmatchedNodes({ nodes }: NodePeer): Blame {
  return { step: 'nodes', message: `${shown(nodes)} matches no node; compare it with "kubectl get nodes --show-labels"` }
}

/** Which of the two selectors is to blame, and why. */
function unmatched(peer: PodPeer, { policy, reach }: RulePlace): Blame {
  const { namespaces, pods } = peer
  if (namespaces === 'own') {
    const message = `${shown(pods)} matches no pod of the policy's own namespace ${splitKey(policy.key).namespace}, and without a namespaceSelector `
      + `it looks nowhere else; correct the labels, or add a namespaceSelector`
    return { step: 'podSelector', message }
  }
  if (namespaces.requirements.length === 0) {
    return { step: 'podSelector', message: `${shown(pods)} matches no pod of any namespace; compare it with "kubectl get pods -A --show-labels"` }
  }
  if (!reach.isNamespaceReached(peer)) {
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
