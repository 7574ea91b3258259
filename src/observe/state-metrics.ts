// How large everything is, as of the scrape.
import type { Registry } from 'prom-client'
import { DIRECTIONS } from '../policy/types.ts'
import { gaugeOf, valueOf } from './instruments.ts'
import type { AgentView } from '../agent/view.ts'

export function stateMetrics(registry: Registry, view: () => AgentView): void {
  valueOf(registry, {
    name: 'ready',
    help: 'Whether the agent has read everything and the kernel has it (1), or not yet (0).',
  }, () => Number(view().isReady))
  valueOf(registry, {
    name: 'stale_seconds',
    help: 'How long a change has been waiting to take effect, in seconds; 0: everything is in force.',
  }, () => secondsSince(view().staleSinceMs))
  valueOf(registry, {
    name: 'active_policies',
    help: 'Policies that select a pod of this node.',
  }, () => view().sizes.activePolicies)
  valueOf(registry, {
    name: 'local_pods',
    help: "Pods of this node that policies can select: all but those in the node's network.",
  }, () => view().sizes.localPods)
  gaugeOf(registry, {
    name: 'isolated_pods',
    help: 'Pods of this node that a NetworkPolicy isolates in this direction.',
    labels: ['direction'],
  }, () => DIRECTIONS.map((direction) => [{ direction }, view().isolatedPods(direction)]))
  valueOf(registry, {
    name: 'unguarded_pods',
    help: 'Pods of this node whose veth is unknown: policies apply by address, but nothing stops these pods from using other addresses.',
  }, () => view().unguardedPods)
  kernelMetrics(registry, view)
}

function kernelMetrics(registry: Registry, view: () => AgentView): void {
  valueOf(registry, {
    name: 'classes',
    help: 'Classes of addresses that the policies of this node treat alike.',
  }, () => view().sizes.classes)
  valueOf(registry, {
    name: 'lists',
    help: 'Distinct lists of verdicts by protocol and port; classes of addresses that are treated alike share a list.',
  }, () => view().sizes.lists)
  gaugeOf(registry, {
    name: 'set_elements',
    help: 'Elements of each nftables set and map.',
    labels: ['set'],
  }, () => Array.from(view().setSizes(), ([set, size]) => [{ set }, size]))
}

/** @param sinceMs by performance.now() */
function secondsSince(sinceMs: number | undefined): number {
  return sinceMs === undefined ? 0 : Math.max(0, performance.now() - sinceMs) / 1000
}
