// How large everything is, as of the scrape.
import type { Registry } from 'prom-client'
import { DIRECTIONS } from '../policy/types.ts'
import { gaugeOf, valueOf } from './instruments.ts'
import type { AgentView } from '../agent/view.ts'

export function stateMetrics(registry: Registry, view: () => AgentView): void {
  valueOf(registry, {
    name: 'ready',
    help: 'Whether everything was read and is in the kernel (1) or not yet (0).',
  }, () => Number(view().isReady))
  valueOf(registry, {
    name: 'stale_seconds',
    help: 'For how long something that is wanted has not been in force; 0: everything is.',
  }, () => secondsSince(view().staleSinceMs))
  valueOf(registry, {
    name: 'active_policies',
    help: 'NetworkPolicies that select a pod of this node.',
  }, () => view().sizes.activePolicies)
  valueOf(registry, {
    name: 'local_pods',
    help: 'Pods of this node that are subject to policies (not those in the network of the node).',
  }, () => view().sizes.localPods)
  gaugeOf(registry, {
    name: 'isolated_pods',
    help: 'Pods of this node that a policy isolates in the direction.',
    labels: ['direction'],
  }, () => DIRECTIONS.map((direction) => [{ direction }, view().isolatedPods(direction)]))
  valueOf(registry, {
    name: 'unguarded_pods',
    help: 'Pods of this node whose veth is not known: policies hold by their addresses, but nothing keeps them from sending with others.',
  }, () => view().unguardedPods)
  kernelMetrics(registry, view)
}

function kernelMetrics(registry: Registry, view: () => AgentView): void {
  valueOf(registry, {
    name: 'classes',
    help: 'Classes of addresses that the policies of this node do not tell apart.',
  }, () => view().sizes.classes)
  valueOf(registry, {
    name: 'permissions',
    help: 'Different lists of ports that somebody may reach.',
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
