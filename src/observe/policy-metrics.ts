// What the kernel counted and what is wrong, by policy and by pod.
import type { Registry } from 'prom-client'
import { kindOfPolicy, type PolicyKey, splitKey } from '../cluster/objects.ts'
import { counterOf, gaugeOf, type Labels, type Sample, valueOf } from './instruments.ts'
import { countNodeProblems, podsInError, policiesInError } from './problem-kinds.ts'
import { PolicySeries } from './policy-series.ts'
import type { AgentView } from '../agent/view.ts'
import type { HitTotals } from '../counters/totals.ts'

export interface PolicyMetrics {
  /** Before each scrape. @param hits undefined: counters cannot be read, and there are no series of them */
  update(hits: HitTotals | undefined): void
}

/** Not `namespace` or `pod`: scrapers add labels of these names to each series, those of the agent. */
const OF_POLICY = ['policy_kind', 'policy_namespace', 'policy'] as const

/** @param limit how many policies may have series */
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

/** Policies with errors and warnings come first: they need to be seen most. */
function policiesOf({ problems, warnings }: AgentView, hits: HitTotals): PolicyKey[] {
  return [...policiesInError(problems), ...warnings.map(({ policy }) => policy), ...hits.policies.map(({ key }) => key)]
}

function countedMetrics(registry: Registry, hits: () => HitTotals | undefined, series: PolicySeries): void {
  counterOf(registry, {
    name: 'policy_hits_total',
    help: 'Packets that opened or tried to open a connection, by what this policy did with it; each policy that accepts a connection is credited.',
    labels: [...OF_POLICY, 'direction', 'action'],
  }, () => (hits()?.policies ?? []).filter(({ key }) => series.has(key))
    .map(({ key, direction, action, packets }) => [{ ...policyLabels(key), direction, action }, packets]))
  counterOf(registry, {
    name: 'denied_packets_total',
    help: 'Packets to (ingress) or from (egress) this pod that were denied: by isolation (no NetworkPolicy allows them), or by a ClusterNetworkPolicy of this tier.',
    labels: ['pod_namespace', 'pod_name', 'direction', 'by'],
  }, () => (hits()?.denied ?? []).map(({ key, direction, by, packets }) => {
    const { namespace, name } = splitKey(key)
    return [{ pod_namespace: namespace, pod_name: name, direction, by }, packets]
  }))
  counterOf(registry, {
    name: 'spoofed_packets_total',
    help: 'Packets dropped because a pod sent them with an address that is not its own.',
  }, () => only(hits()?.spoofed))
  counterOf(registry, {
    name: 'stray_frames_total',
    help: 'Frames dropped on a bridge because they could bypass policies.',
  }, () => only(hits()?.stray))
  counterOf(registry, {
    name: 'tunnelled_packets_total',
    help: 'Packets dropped because a pod sent them to a tunnel of its node, which would unwrap them.',
  }, () => only(hits()?.tunnelled))
  valueOf(registry, {
    name: 'policy_series_omitted',
    help: 'Policies without per-policy series, because of --metrics-policy-labels.',
  }, () => series.omitted)
}

function problemMetrics(registry: Registry, view: () => AgentView, series: PolicySeries): void {
  valueOf(registry, {
    name: 'policies_in_error',
    help: 'Policies that cannot be read in full; they fail closed.',
  }, () => policiesInError(view().problems).length)
  gaugeOf(registry, {
    name: 'policy_error',
    help: '1 for each policy that cannot be read in full.',
    labels: OF_POLICY,
  }, () => policiesInError(view().problems).filter((key) => series.has(key)).map((key) => [policyLabels(key), 1]))
  gaugeOf(registry, {
    name: 'policy_warning',
    help: '1 for each policy and reason why it cannot do what it seems to do.',
    labels: [...OF_POLICY, 'reason'],
  }, () => view().warnings.filter(({ policy }) => series.has(policy)).map(({ policy, reason }) => [{ ...policyLabels(policy), reason }, 1]))
  valueOf(registry, {
    name: 'pods_in_error',
    help: 'Pods that cannot be read in full, and pods of this node that share an address with another pod; they fail closed.',
  }, () => podsInError(view().problems).length)
  valueOf(registry, {
    name: 'node_problems',
    help: 'Problems of the node that keep policies from being fully enforced; the log says what to do.',
  }, () => countNodeProblems(view().problems))
}

function policyLabels(key: PolicyKey): Labels<(typeof OF_POLICY)[number]> {
  const { namespace, name } = splitKey(key)
  return { policy_kind: kindOfPolicy(key), policy_namespace: namespace, policy: name }
}

function only(value: number | undefined): Sample<never>[] {
  return value === undefined ? [] : [[{}, value]]
}
