// What a ClusterNetworkPolicy means while the nodes of the cluster cannot be read: a peer that selects nodes is not understood, so an Accept rule
// leaves it out, and any other rule denies every peer.
import type { Problem } from '../cluster/change.ts'
import type { ClusterPolicy, ClusterRule } from './types.ts'

/** The policy without its peers of nodes, and a problem for each rule that had one. @param why what keeps nodes from being read */
export function withoutNodes(policy: ClusterPolicy, why: string): { policy: ClusterPolicy; problems: Problem[] } {
  const concerned = policy.egress.flatMap((rule, index) => (hasNodes(rule) ? [index] : []))
  if (concerned.length === 0) return { policy, problems: [] }
  const of = { object: `ClusterNetworkPolicy ${policy.name}`, policy: policy.key }
  return {
    policy: { ...policy, egress: policy.egress.map((rule) => (hasNodes(rule) ? closed(rule) : rule)) },
    problems: concerned.map((index) => ({ ...of, field: `spec.egress[${index}].to`, message: `${why}; ${consequence(policy.egress[index])}` })),
  }
}

function hasNodes({ peers }: ClusterRule): boolean {
  return peers !== 'any' && peers.some(({ kind }) => kind === 'nodes')
}

function closed(rule: ClusterRule): ClusterRule {
  if (rule.action !== 'Accept') return { ...rule, action: 'Deny', peers: 'any' }
  return { ...rule, peers: rule.peers === 'any' ? 'any' : rule.peers.filter(({ kind }) => kind !== 'nodes') }
}

function consequence(rule: ClusterRule | undefined): string {
  return rule?.action === 'Accept' ? 'peers that are nodes match nothing' : 'this rule denies every peer'
}
