// What the dashboard shows: one row for each question of an operator. grafana.ts makes Grafana's JSON of it.

export interface Query {
  readonly expr: string
  /** Grafana's legend; tables show labels instead. */
  readonly legend?: string
}

export interface Panel {
  readonly title: string
  readonly description: string
  /** stat: one number; lines: over time; table: one line per series, now. */
  readonly kind: 'stat' | 'lines' | 'table'
  readonly queries: readonly Query[]
  /** By Grafana's names. */
  readonly unit?: string
  /** Of 24 columns. */
  readonly width: number
  /** A stat is red from this value on. */
  readonly badFrom?: number
  /** A stat is red below this value. */
  readonly badBelow?: number
}

export interface Row {
  readonly title: string
  readonly panels: readonly Panel[]
}

/** Agents of the selected nodes. */
const NODE = '{node=~"$node"}'
/** Policies in the selected namespaces; with all selected, ClusterNetworkPolicies too. */
const OF_POLICIES = '{node=~"$node", policy_namespace=~"$namespace"}'
/** Pods in the selected namespaces. */
const OF_PODS = '{node=~"$node", pod_namespace=~"$namespace"}'
/** A ClusterNetworkPolicy has no namespace: its name begins with the slash. */
const POLICY_LEGEND = '{{policy_namespace}}/{{policy}} {{direction}} {{action}}'

function quantiles(metric: string): Query[] {
  return [0.5, 0.99].map((quantile) => ({
    expr: `histogram_quantile(${quantile}, sum by (le) (rate(${metric}_bucket${NODE}[$__rate_interval])))`,
    legend: `p${quantile * 100}`,
  }))
}

const overview: Row = {
  title: 'Is everything well?',
  panels: [
    {
      title: 'Agents ready', kind: 'stat', width: 6, unit: 'percentunit', badBelow: 1,
      description: 'Share of agents that have read the cluster and whose kernels have all of it.',
      queries: [{ expr: `sum(vethguard_ready${NODE}) / count(vethguard_ready${NODE})` }],
    },
    {
      title: 'Out of date for', kind: 'stat', width: 6, unit: 's', badFrom: 60,
      description: 'The longest time that a change has been waiting to take effect on a node.',
      queries: [{ expr: `max(vethguard_stale_seconds${NODE})` }],
    },
    {
      title: 'Watches connected', kind: 'stat', width: 6, unit: 'percentunit', badBelow: 1,
      description: 'Share of watches (pods, namespaces and policies of each agent) that are connected to the API server. Without it, rules stay in force.',
      queries: [{ expr: `sum(vethguard_watch_connected${NODE}) / count(vethguard_watch_connected${NODE})` }],
    },
    {
      title: 'Agents in a dry run', kind: 'stat', width: 6, badFrom: 1,
      description: 'They only log what they would do: nothing is enforced on their nodes.',
      queries: [{ expr: `sum(vethguard_dry_run${NODE})` }],
    },
    {
      title: 'Policies in error', kind: 'stat', width: 5, badFrom: 1,
      description: 'Policies that cannot be read in full. They fail closed.',
      queries: [{ expr: `max(vethguard_policies_in_error${NODE})` }],
    },
    {
      title: 'Pods in error', kind: 'stat', width: 5, badFrom: 1,
      description: 'Pods that cannot be read in full or share an address with another pod. Everything is denied to and from them.',
      queries: [{ expr: `max(vethguard_pods_in_error${NODE})` }],
    },
    {
      title: 'Pods without a known veth', kind: 'stat', width: 5, badFrom: 1,
      description: 'Policies apply by address, but nothing stops these pods from using other addresses.',
      queries: [{ expr: `sum(vethguard_unguarded_pods${NODE})` }],
    },
    {
      title: 'Node problems', kind: 'stat', width: 5, badFrom: 1,
      description: 'Settings of nodes that make enforcement incomplete. The agent\'s log says what to do.',
      queries: [{ expr: `sum(vethguard_node_problems${NODE})` }],
    },
    {
      title: 'Denied now', kind: 'stat', width: 4, unit: 'pps',
      description: 'Packets per second.',
      queries: [{ expr: `sum(rate(vethguard_denied_packets_total${OF_PODS}[$__rate_interval]))` }],
    },
  ],
}

const policies: Row = {
  title: 'Which policies are hit, and which never?',
  panels: [
    {
      title: 'Hits, by action', kind: 'lines', width: 8, unit: 'cps',
      description: 'Connections that policies accept, deny or pass on to the next tier. Only ClusterNetworkPolicies deny and pass.',
      queries: [{ expr: `sum by (policy_kind, action) (rate(vethguard_policy_hits_total${OF_POLICIES}[$__rate_interval]))`, legend: '{{policy_kind}} {{action}}' }],
    },
    {
      title: 'Hits, by policy', kind: 'lines', width: 8, unit: 'cps',
      description: 'The twenty policies with the most hits. A connection that several policies accept counts for each of them. ClusterNetworkPolicies '
        + 'begin with a slash.',
      queries: [{
        expr: `topk(20, sum by (policy_namespace, policy, direction, action) (rate(vethguard_policy_hits_total${OF_POLICIES}[$__rate_interval])))`,
        legend: POLICY_LEGEND,
      }],
    },
    {
      title: 'Hits in the time shown', kind: 'table', width: 8,
      description: 'Connections, for each policy, direction and action.',
      queries: [{
        expr: `sort_desc(sum by (policy_kind, policy_namespace, policy, direction, action) (increase(vethguard_policy_hits_total${OF_POLICIES}[$__range])) > 0)`,
      }],
    },
    {
      title: 'Never hit in the time shown', kind: 'table', width: 8,
      description: 'Candidates to remove, if the time shown is long enough. A NetworkPolicy without rules (default deny) accepts nothing and is '
        + 'always here: it works by isolating pods. Policies that select no pod are under "Warnings".',
      queries: [{ expr: `sum by (policy_kind, policy_namespace, policy) (increase(vethguard_policy_hits_total${OF_POLICIES}[$__range])) == 0` }],
    },
    {
      title: 'In error', kind: 'table', width: 8,
      description: 'They fail closed. The agent\'s log names the field.',
      queries: [{ expr: `max by (policy_kind, policy_namespace, policy) (vethguard_policy_error${OF_POLICIES}) > 0` }],
    },
    {
      title: 'Warnings', kind: 'table', width: 8,
      description: 'Policies that cannot do what they seem to do: they select no pod, name a port that no pod has, match addresses of Services, …',
      queries: [{ expr: `max by (policy_kind, policy_namespace, policy, reason) (vethguard_policy_warning${OF_POLICIES}) > 0` }],
    },
  ],
}

const denials: Row = {
  title: 'Which pods are denied?',
  panels: [
    {
      title: 'Denied packets, by what denies', kind: 'lines', width: 8, unit: 'pps',
      description: 'isolation: NetworkPolicies isolate the pod, and none allows the packet; admin, baseline: a ClusterNetworkPolicy of this tier.',
      queries: [{ expr: `sum by (by, direction) (rate(vethguard_denied_packets_total${OF_PODS}[$__rate_interval]))`, legend: '{{by}} {{direction}}' }],
    },
    {
      title: 'Denied packets, by pod', kind: 'lines', width: 8, unit: 'pps',
      description: 'The twenty pods with the most denials. ingress: to the pod; egress: from it.',
      queries: [{
        expr: `topk(20, sum by (pod_namespace, pod_name, direction) (rate(vethguard_denied_packets_total${OF_PODS}[$__rate_interval])) > 0)`,
        legend: '{{pod_namespace}}/{{pod_name}} {{direction}}',
      }],
    },
    {
      title: 'Denied in the time shown', kind: 'table', width: 8,
      description: 'Packets, for each pod, direction and cause.',
      queries: [{
        expr: `sort_desc(sum by (pod_namespace, pod_name, direction, by) (increase(vethguard_denied_packets_total${OF_PODS}[$__range])) > 0)`,
      }],
    },
    {
      title: 'Spoofed packets, stray frames', kind: 'lines', width: 12, unit: 'pps',
      description: 'spoofed: sent by a pod with an address that is not its own. stray: frames that could bypass policies on a bridge. Both are dropped.',
      queries: [
        { expr: `sum by (node) (rate(vethguard_spoofed_packets_total${NODE}[$__rate_interval]))`, legend: 'spoofed on {{node}}' },
        { expr: `sum by (node) (rate(vethguard_stray_frames_total${NODE}[$__rate_interval]))`, legend: 'stray on {{node}}' },
      ],
    },
    {
      title: 'Isolated pods', kind: 'lines', width: 12,
      description: 'Pods isolated by a NetworkPolicy, and all pods that policies can select.',
      queries: [
        { expr: `sum by (direction) (vethguard_isolated_pods${NODE})`, legend: 'isolated for {{direction}}' },
        { expr: `sum(vethguard_local_pods${NODE})`, legend: 'all' },
      ],
    },
  ],
}

const step: Row = {
  title: 'Does the agent keep up?',
  panels: [
    {
      title: 'Policy programming latency', kind: 'lines', width: 8, unit: 's',
      description: 'From the last byte of an event of the API server to the kernel\'s confirmation.',
      queries: quantiles('vethguard_programming_duration_seconds'),
    },
    {
      title: 'Slowest nodes', kind: 'lines', width: 8, unit: 's',
      description: 'The same, the five nodes with the highest p99.',
      queries: [{
        expr: `topk(5, histogram_quantile(0.99, sum by (node, le) (rate(vethguard_programming_duration_seconds_bucket${NODE}[$__rate_interval]))))`,
        legend: '{{node}}',
      }],
    },
    {
      title: 'Kernel transaction time', kind: 'lines', width: 8, unit: 's',
      description: 'The kernel\'s part of the programming latency.',
      queries: quantiles('vethguard_transaction_duration_seconds'),
    },
    {
      title: 'Failures', kind: 'lines', width: 8, unit: 'short',
      description: 'Per hour, by stage and reason. The rules in the kernel stay in force.',
      queries: [{ expr: `sum by (stage, reason) (increase(vethguard_failures_total${NODE}[1h])) > 0 or vector(0)`, legend: '{{stage}} {{reason}}' }],
    },
    {
      title: 'Table repairs', kind: 'lines', width: 8, unit: 'short',
      description: 'Per hour. handle: another process removed a table; content: it changed one; refused: the kernel refused a change.',
      queries: [{ expr: `sum by (reason) (increase(vethguard_table_repairs_total${NODE}[1h]))`, legend: '{{reason}}' }],
    },
    {
      title: 'Time since last contact with the API server', kind: 'lines', width: 8, unit: 's',
      description: 'The longest, by resource. A watch without changes has contact about once a minute.',
      queries: [{ expr: `max by (resource) (time() - (vethguard_watch_last_contact_timestamp_seconds${NODE} > 0))`, legend: '{{resource}}' }],
    },
    {
      title: 'Watch events', kind: 'lines', width: 8, unit: 'ops',
      description: 'Per second, by resource and type.',
      queries: [{ expr: `sum by (resource, type) (rate(vethguard_watch_events_total${NODE}[$__rate_interval]))`, legend: '{{resource}} {{type}}' }],
    },
    {
      title: 'Watch restarts', kind: 'lines', width: 8, unit: 'short',
      description: 'Per hour. API servers end watches every few minutes; relists should be rare.',
      queries: [
        { expr: `sum by (resource, reason) (increase(vethguard_watch_restarts_total${NODE}[1h]))`, legend: '{{resource}}: {{reason}}' },
        { expr: `sum by (resource) (increase(vethguard_relists_total${NODE}[1h]))`, legend: '{{resource}}: relist' },
      ],
    },
    {
      title: 'Elements per transaction', kind: 'lines', width: 8,
      description: 'Set and map elements added and deleted.',
      queries: quantiles('vethguard_transaction_elements'),
    },
  ],
}

const size: Row = {
  title: 'How big is it?',
  panels: [
    {
      title: 'Memory', kind: 'lines', width: 8, unit: 'bytes',
      description: 'Resident memory of each agent.',
      queries: [{ expr: `process_resident_memory_bytes{container="vethguard", node=~"$node"}`, legend: '{{node}}' }],
    },
    {
      title: 'CPU', kind: 'lines', width: 8, unit: 'percentunit',
      description: 'CPUs used by each agent.',
      queries: [{ expr: `rate(process_cpu_seconds_total{container="vethguard", node=~"$node"}[$__rate_interval])`, legend: '{{node}}' }],
    },
    {
      title: 'Event-loop delay', kind: 'lines', width: 8, unit: 's',
      description: 'Delay of the agents\' timers: the event loop was busy for that long.',
      queries: quantiles('vethguard_event_loop_lag_seconds'),
    },
    {
      title: 'Objects known', kind: 'lines', width: 8,
      description: 'By resource; the agent with the most.',
      queries: [{ expr: `max by (resource) (vethguard_objects${NODE})`, legend: '{{resource}}' }],
    },
    {
      title: 'Policies, classes, lists', kind: 'lines', width: 8,
      description: 'Active policies (those that select a pod of the node), classes of addresses that policies treat alike, distinct lists of verdicts; the node with the most.',
      queries: [
        { expr: `max(vethguard_active_policies${NODE})`, legend: 'active policies' },
        { expr: `max(vethguard_classes${NODE})`, legend: 'classes' },
        { expr: `max(vethguard_lists${NODE})`, legend: 'lists' },
      ],
    },
    {
      title: 'Elements in the kernel', kind: 'lines', width: 8,
      description: 'By set or map; the node with the most.',
      queries: [{ expr: `max by (set) (vethguard_set_elements${NODE})`, legend: '{{set}}' }],
    },
    {
      title: 'Versions', kind: 'table', width: 16,
      description: 'Number of nodes with each.',
      queries: [{ expr: `count by (version, node_version, backend) (vethguard_build_info${NODE})` }],
    },
    {
      title: 'Policies without series', kind: 'stat', width: 8,
      description: 'Omitted because of metricsPolicyLabels.',
      queries: [{ expr: `max(vethguard_policy_series_omitted${NODE})` }],
    },
  ],
}

export const ROWS: readonly Row[] = [overview, policies, denials, step, size]
