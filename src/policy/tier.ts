// One tier of ClusterNetworkPolicies: which apply to a pod, and the first rule that matches. Part of the reference evaluator.
import type { Pod } from '../cluster/objects.ts'
import { peersMatch, portsMatch } from './peer.ts'
import { matches } from './selector.ts'
import type { Action, ClusterPolicy, Tier } from './types.ts'
import type { RuleRef } from './verdict.ts'
import type { Question, World } from './world.ts'

/** Policies of the tier that select the pod and say something about the direction, in order. */
function policiesFor(world: World, { pod, direction }: Pick<Question, 'pod' | 'direction'>, tier: Tier): ClusterPolicy[] {
  return world.clusterPolicies.filter((policy) => policy.tier === tier && policy[direction].length > 0 && selects(world, policy, pod))
}

/** The first rule that matches, whatever policy it is of. */
export function firstMatch(world: World, question: Question, tier: Tier): (RuleRef & { readonly action: Action }) | undefined {
  const { direction, flow, remote, destination } = question
  for (const policy of policiesFor(world, question, tier)) {
    const rule = policy[direction].findIndex(({ peers, ports }) => peersMatch(peers, remote) && portsMatch(ports, flow, destination))
    const action = policy[direction][rule]?.action
    if (action !== undefined) return { policy: policy.key, rule, action }
  }
  return undefined
}

/** While a namespace's labels are not known, only subjects in all namespaces are in it. */
function selects(world: World, { subject }: ClusterPolicy, pod: Pod): boolean {
  if (!matches(subject.pods, pod.labels)) return false
  if (subject.namespaces.requirements.length === 0) return true
  const namespace = world.namespaces.get(pod.namespace)
  return namespace !== undefined && matches(subject.namespaces, namespace.labels)
}
