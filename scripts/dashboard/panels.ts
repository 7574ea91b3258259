// What the dashboard shows: one row for each question that an operator has. grafana.ts makes Grafana's JSON of it.

export interface Query {
  readonly expr: string
  /** As Grafana's legend; tables show labels instead. */
  readonly legend?: string
}

export interface Panel {
  readonly title: string
  readonly description: string
  /** stat: one number; lines: over time; table: one line for each series, now. */
  readonly kind: 'stat' | 'lines' | 'table'
  readonly queries: readonly Query[]
  /** Of Grafana's names of units. */
  readonly unit?: string
  /** Of 24 columns. */
  readonly width: number
  /** Of a stat: from here on it is red. */
  readonly badFrom?: number
  /** Of a stat: below this it is red. */
  readonly badBelow?: number
}

export interface Row {
  readonly title: string
  readonly panels: readonly Panel[]
}

/** The agents of the nodes that are chosen. */
const NODE = '{node=~"$node"}'
/** The same, of policies and pods of the namespaces that are chosen. */
const SUBJECT = '{node=~"$node", namespace=~"$namespace"}'

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
      description: 'Part of the agents that have read the cluster and have brought everything into their kernels.',
      queries: [{ expr: `sum(vethguard_ready${NODE}) / count(vethguard_ready${NODE})` }],
    },
    {
      title: 'Out of date for', kind: 'stat', width: 6, unit: 's', badFrom: 60,
      description: 'The longest time that a kernel has not had what its agent wants to be in force.',
      queries: [{ expr: `max(vethguard_stale_seconds${NODE})` }],
    },
    {
      title: 'Watches connected', kind: 'stat', width: 6, unit: 'percentunit', badBelow: 1,
      description: 'Part of the watches (pods, namespaces, policies of each agent) that reach the API server. Without it, rules stay as they are.',
      queries: [{ expr: `sum(vethguard_watch_connected${NODE}) / count(vethguard_watch_connected${NODE})` }],
    },
    {
      title: 'Agents in a dry run', kind: 'stat', width: 6, badFrom: 1,
      description: 'They only say what they would do: nothing is enforced on their nodes.',
      queries: [{ expr: `sum(vethguard_dry_run${NODE})` }],
    },
    {
      title: 'Policies in error', kind: 'stat', width: 5, badFrom: 1,
      description: 'NetworkPolicies that cannot be read in full. They fail closed.',
      queries: [{ expr: `max(vethguard_policies_in_error${NODE})` }],
    },
    {
      title: 'Pods in error', kind: 'stat', width: 5, badFrom: 1,
      description: 'Pods that cannot be read in full, or have an address that another one has too. They are denied everything.',
      queries: [{ expr: `max(vethguard_pods_in_error${NODE})` }],
    },
    {
      title: 'Pods without a known veth', kind: 'stat', width: 5, badFrom: 1,
      description: 'Enforced by their address; nothing keeps them from sending with another one.',
      queries: [{ expr: `sum(vethguard_unguarded_pods${NODE})` }],
    },
    {
      title: 'Problems of nodes', kind: 'stat', width: 5, badFrom: 1,
      description: 'Settings of nodes that make enforcement incomplete. The agent\'s log says what to do.',
      queries: [{ expr: `sum(vethguard_node_problems${NODE})` }],
    },
    {
      title: 'Denied now', kind: 'stat', width: 4, unit: 'pps',
      description: 'Packets that no policy allows.',
      queries: [{ expr: `sum(rate(vethguard_denied_packets_total${SUBJECT}[$__rate_interval]))` }],
    },
  ],
}

const policies: Row = {
  title: 'Which policies are hit, and which never?',
  panels: [
    {
      title: 'Connections allowed, by policy', kind: 'lines', width: 12, unit: 'cps',
      description: 'The twenty policies that allow most. A connection that several policies allow counts for each of them.',
      queries: [{
        expr: `topk(20, sum by (namespace, networkpolicy, direction) (rate(vethguard_policy_hits_total${SUBJECT}[$__rate_interval])))`,
        legend: '{{namespace}}/{{networkpolicy}} {{direction}}',
      }],
    },
    {
      title: 'Connections allowed in the time shown', kind: 'table', width: 12,
      description: 'For each policy and direction.',
      queries: [{ expr: `sort_desc(sum by (namespace, networkpolicy, direction) (increase(vethguard_policy_hits_total${SUBJECT}[$__range])) > 0)` }],
    },
    {
      title: 'Never hit in the time shown', kind: 'table', width: 8,
      description: 'Candidates to remove, if the time shown is long enough. A policy without rules (default deny) allows nothing and is always '
        + 'here: it does its work by denying. Policies that select no pod at all are under "Warnings".',
      queries: [{ expr: `sum by (namespace, networkpolicy) (increase(vethguard_policy_hits_total${SUBJECT}[$__range])) == 0` }],
    },
    {
      title: 'In error', kind: 'table', width: 8,
      description: 'What cannot be read allows nothing. The agent\'s log names the field.',
      queries: [{ expr: `max by (namespace, networkpolicy) (vethguard_policy_error${SUBJECT}) > 0` }],
    },
    {
      title: 'Warnings', kind: 'table', width: 8,
      description: 'Policies that cannot do what they seem to: they select no pod, name a port that no pod has, point at Services, …',
      queries: [{ expr: `max by (namespace, networkpolicy, reason) (vethguard_policy_warning${SUBJECT}) > 0` }],
    },
  ],
}

const denials: Row = {
  title: 'Who is denied what?',
  panels: [
    {
      title: 'Denied packets, by pod', kind: 'lines', width: 12, unit: 'pps',
      description: 'The twenty pods most denied. ingress: to the pod; egress: from it.',
      queries: [{
        expr: `topk(20, sum by (namespace, pod, direction) (rate(vethguard_denied_packets_total${SUBJECT}[$__rate_interval])) > 0)`,
        legend: '{{namespace}}/{{pod}} {{direction}}',
      }],
    },
    {
      title: 'Denied in the time shown', kind: 'table', width: 12,
      description: 'Packets, for each pod and direction. Who was at the other end: see the agent\'s log of denials.',
      queries: [{ expr: `sort_desc(sum by (namespace, pod, direction) (increase(vethguard_denied_packets_total${SUBJECT}[$__range])) > 0)` }],
    },
    {
      title: 'Packets that are not what they should be', kind: 'lines', width: 12, unit: 'pps',
      description: 'spoofed: sent by a pod with an address that is not its own. stray: frames past the address of an isolated pod, on bridges.',
      queries: [
        { expr: `sum by (node) (rate(vethguard_spoofed_packets_total${NODE}[$__rate_interval]))`, legend: 'spoofed on {{node}}' },
        { expr: `sum by (node) (rate(vethguard_stray_frames_total${NODE}[$__rate_interval]))`, legend: 'stray on {{node}}' },
      ],
    },
    {
      title: 'Isolated pods', kind: 'lines', width: 12,
      description: 'Pods that some policy selects, of all pods that the agents look after.',
      queries: [
        { expr: `sum by (direction) (vethguard_isolated_pods${NODE})`, legend: 'isolated for {{direction}}' },
        { expr: `sum(vethguard_local_pods${NODE})`, legend: 'all' },
      ],
    },
  ],
}

const step: Row = {
  title: 'Is the agent in step?',
  panels: [
    {
      title: 'From the API server to the kernel', kind: 'lines', width: 8, unit: 's',
      description: 'From the last byte of an event to the kernel\'s confirmation.',
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
      title: 'The kernel\'s part', kind: 'lines', width: 8, unit: 's',
      description: 'Of the transaction alone.',
      queries: quantiles('vethguard_transaction_duration_seconds'),
    },
    {
      title: 'Failures', kind: 'lines', width: 8, unit: 'short',
      description: 'In an hour, by stage and reason. What is in the kernel stays in force.',
      queries: [{ expr: `sum by (stage, reason) (increase(vethguard_failures_total${NODE}[1h])) > 0 or vector(0)`, legend: '{{stage}} {{reason}}' }],
    },
    {
      title: 'Repairs', kind: 'lines', width: 8, unit: 'short',
      description: 'In an hour. handle: somebody took a table away; content: it was changed; refused: the kernel refused a change.',
      queries: [{ expr: `sum by (reason) (increase(vethguard_table_repairs_total${NODE}[1h]))`, legend: '{{reason}}' }],
    },
    {
      title: 'Since the API server was heard last', kind: 'lines', width: 8, unit: 's',
      description: 'The longest, by kind of object. A quiet watch is heard about once a minute.',
      queries: [{ expr: `max by (resource) (time() - (vethguard_watch_last_contact_timestamp_seconds${NODE} > 0))`, legend: '{{resource}}' }],
    },
    {
      title: 'Changes heard of', kind: 'lines', width: 8, unit: 'ops',
      description: 'Events of watches, by kind of object and of event.',
      queries: [{ expr: `sum by (resource, type) (rate(vethguard_watch_events_total${NODE}[$__rate_interval]))`, legend: '{{resource}} {{type}}' }],
    },
    {
      title: 'Watches begun anew', kind: 'lines', width: 8, unit: 'short',
      description: 'In an hour. Servers end watches every few minutes; reading everything anew should be rare.',
      queries: [
        { expr: `sum by (resource, reason) (increase(vethguard_watch_restarts_total${NODE}[1h]))`, legend: '{{resource}}: {{reason}}' },
        { expr: `sum by (resource) (increase(vethguard_relists_total${NODE}[1h]))`, legend: '{{resource}} read anew' },
      ],
    },
    {
      title: 'Elements changed at a time', kind: 'lines', width: 8,
      description: 'Set elements added and deleted in one transaction.',
      queries: quantiles('vethguard_transaction_elements'),
    },
  ],
}

const size: Row = {
  title: 'How big is it?',
  panels: [
    {
      title: 'Memory', kind: 'lines', width: 8, unit: 'bytes',
      description: 'Of the agents\' processes.',
      queries: [{ expr: `process_resident_memory_bytes{container="vethguard", node=~"$node"}`, legend: '{{node}}' }],
    },
    {
      title: 'Processor', kind: 'lines', width: 8, unit: 'percentunit',
      description: 'Part of one processor that each agent takes.',
      queries: [{ expr: `rate(process_cpu_seconds_total{container="vethguard", node=~"$node"}[$__rate_interval])`, legend: '{{node}}' }],
    },
    {
      title: 'Event loop', kind: 'lines', width: 8, unit: 's',
      description: 'How late the agent\'s timers come: it is busy with something else for so long.',
      queries: quantiles('vethguard_event_loop_lag_seconds'),
    },
    {
      title: 'What it knows', kind: 'lines', width: 8,
      description: 'Objects of the cluster that an agent keeps; the largest agent.',
      queries: [{ expr: `max by (resource) (vethguard_objects${NODE})`, legend: '{{resource}}' }],
    },
    {
      title: 'What it makes of that', kind: 'lines', width: 8,
      description: 'Active policies (that select a pod of the node), classes of addresses, permissions; the largest agent.',
      queries: [
        { expr: `max(vethguard_active_policies${NODE})`, legend: 'active policies' },
        { expr: `max(vethguard_classes${NODE})`, legend: 'classes' },
        { expr: `max(vethguard_permissions${NODE})`, legend: 'permissions' },
      ],
    },
    {
      title: 'Elements in the kernel', kind: 'lines', width: 8,
      description: 'By set or map; the largest node.',
      queries: [{ expr: `max by (set) (vethguard_set_elements${NODE})`, legend: '{{set}}' }],
    },
    {
      title: 'Versions', kind: 'table', width: 16,
      description: 'How many nodes run what.',
      queries: [{ expr: `count by (version, node_version, backend) (vethguard_build_info${NODE})` }],
    },
    {
      title: 'Policies without series', kind: 'stat', width: 8,
      description: 'Left out, because metricsPolicyLabels allows for fewer.',
      queries: [{ expr: `max(vethguard_policy_series_omitted${NODE})` }],
    },
  ],
}

export const ROWS: readonly Row[] = [overview, policies, denials, step, size]
