// What the kernel counted and what is wrong, by policy and by pod.
import type { Registry } from 'prom-client'
import { type PolicyKey, splitKey } from '../cluster/objects.ts'
import { counterOf, gaugeOf, type Labels, type Sample, valueOf } from './instruments.ts'
import { countNodeProblems, podsInError, policiesInError } from './problem-kinds.ts'
import { PolicySeries } from './policy-series.ts'
import type { AgentView, HitTotals } from '../agent/view.ts'

export interface PolicyMetrics {
  /** Before each scrape. @param hits undefined: the kernel does not tell, and there are no series of what it counts */
  update(hits: HitTotals | undefined): void
}

const OF_POLICY = ['namespace', 'networkpolicy'] as const

/** @param limit how many policies may have series of their own */
export function policyMetrics(registry: Registry, view: () => AgentView, limit: number): PolicyMetrics {
  const series = new PolicySeries(limit)
  let hits: HitTotals | undefined
  countedMetrics(registry, () => hits, series)
  problemMetrics(registry, view, series)
  return {
    update: (now) => {
      hits = now
      if (now !== undefined) series.update(policiesOf(view(), now))
    },
  }
}

/** Those that something is wrong with come first: they need to be seen most. */
function policiesOf({ problems, warnings }: AgentView, hits: HitTotals): PolicyKey[] {
  return [...policiesInError(problems), ...warnings.map(({ policy }) => policy), ...hits.policies.map(({ key }) => key)]
}

function countedMetrics(registry: Registry, hits: () => HitTotals | undefined, series: PolicySeries): void {
  counterOf(registry, {
    name: 'policy_hits_total',
    help: 'Packets that opened or tried to open a connection that this policy allows; every policy that allows it is credited.',
    labels: [...OF_POLICY, 'direction'],
  }, () => (hits()?.policies ?? []).filter(({ key }) => series.has(key))
    .map(({ key, direction, packets }) => [{ ...policyLabels(key), direction }, packets]))
  counterOf(registry, {
    name: 'denied_packets_total',
    help: 'Packets from (egress) or to (ingress) this pod that no policy allows.',
    labels: ['namespace', 'pod', 'direction'],
  }, () => (hits()?.denied ?? []).map(({ key, direction, packets }) => {
    const { namespace, name: pod } = splitKey(key)
    return [{ namespace, pod, direction }, packets]
  }))
  counterOf(registry, {
    name: 'spoofed_packets_total',
    help: "Packets that came from a pod's veth with an address that is not the pod's, and were dropped.",
  }, () => only(hits()?.spoofed))
  counterOf(registry, {
    name: 'stray_frames_total',
    help: 'Frames that were dropped on a bridge because they could have got past the policies.',
  }, () => only(hits()?.stray))
  valueOf(registry, {
    name: 'policy_series_omitted',
    help: 'NetworkPolicies without series of their own, because of --metrics-policy-labels.',
  }, () => series.omitted)
}

function problemMetrics(registry: Registry, view: () => AgentView, series: PolicySeries): void {
  valueOf(registry, {
    name: 'policies_in_error',
    help: 'NetworkPolicies and ClusterNetworkPolicies that cannot be read in full; they fail closed.',
  }, () => policiesInError(view().problems).length)
  gaugeOf(registry, {
    name: 'policy_error',
    help: '1 for each NetworkPolicy and ClusterNetworkPolicy (without a namespace) that cannot be read in full.',
    labels: OF_POLICY,
  }, () => policiesInError(view().problems).filter((key) => series.has(key)).map((key) => [policyLabels(key), 1]))
  gaugeOf(registry, {
    name: 'policy_warning',
    help: '1 for each NetworkPolicy and reason why it cannot do what it seems to.',
    labels: [...OF_POLICY, 'reason'],
  }, () => view().warnings.filter(({ policy }) => series.has(policy)).map(({ policy, reason }) => [{ ...policyLabels(policy), reason }, 1]))
  valueOf(registry, {
    name: 'pods_in_error',
    help: 'Pods that cannot be read in full, and pods of this node whose address another pod has too; they fail closed.',
  }, () => podsInError(view().problems).length)
  valueOf(registry, {
    name: 'node_problems',
    help: 'What is wrong with the node, so that policies are not in force in full; the log says what, and what to do.',
  }, () => countNodeProblems(view().problems))
}

function policyLabels(key: PolicyKey): Labels<(typeof OF_POLICY)[number]> {
  const { namespace, name } = splitKey(key)
  return { namespace, networkpolicy: name }
}

function only(value: number | undefined): Sample<never>[] {
  return value === undefined ? [] : [[{}, value]]
}
