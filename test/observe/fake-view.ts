// An agent that says what a test tells it to.
import pino from 'pino'
import type { PodKey, PolicyKey } from '../../src/cluster/objects.ts'
import { Metrics, type MetricsOptions } from '../../src/observe/metrics.ts'
import type { AgentView } from '../../src/agent/view.ts'
import type { DeniedTotal, HitTotals, PolicyTotal } from '../../src/counters/totals.ts'
import type { Direction } from '../../src/policy/types.ts'

export const NO_HITS: HitTotals = { policies: [], denied: [], spoofed: 0, stray: 0 }

export function fakeView(said: Partial<AgentView> = {}): AgentView {
  return {
    isReady: true,
    checkedAtMs: performance.now(),
    busySinceMs: undefined,
    staleSinceMs: undefined,
    sizes: { pods: 9, groups: 8, localPods: 7, activePolicies: 6, classes: 5, tables: 4, lists: 3 },
    problems: [],
    warnings: [],
    unguardedPods: 2,
    isolatedPods: (direction) => (direction === 'ingress' ? 4 : 1),
    setSizes: () => new Map([['class4', 11], ['verdict_ports', 0]]),
    hits: () => Promise.resolve(NO_HITS),
    ...said,
  }
}

/** Metrics whose view can be replaced. */
export function metricsOf(options: Partial<MetricsOptions> = {}): Metrics {
  return new Metrics({
    build: { version: '1.2.3', backend: 'netlink', isDryRun: false },
    policyLimit: Infinity,
    view: () => fakeView(),
    log: pino({ level: 'silent' }),
    ...options,
  })
}

/** `x/web ingress 3` */
export function hit(text: string): PolicyTotal & DeniedTotal {
  const [key, direction, packets] = text.split(' ')
  return { key: key as PolicyKey & PodKey, direction: direction as Direction, packets: Number(packets), action: 'accept', by: 'isolation' }
}
