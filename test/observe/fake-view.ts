// An agent whose state a test decides.
import pino from 'pino'
import type { Problem } from '../../src/cluster/change.ts'
import type { PodKey, PolicyKey } from '../../src/cluster/objects.ts'
import { Metrics, type MetricsOptions } from '../../src/observe/metrics.ts'
import type { AgentView } from '../../src/agent/view.ts'
import type { DeniedTotal, HitTotals, PolicyTotal } from '../../src/counters/totals.ts'
import type { DeniedBy, HitAction } from '../../src/policy/verdict.ts'
import type { Direction } from '../../src/policy/types.ts'

export const NO_HITS: HitTotals = { policies: [], denied: [], spoofed: 0, stray: 0, tunnelled: 3 }
export const BAD: Problem = { object: 'NetworkPolicy x/bad', field: 'spec', message: 'bad', policy: 'x/bad' as PolicyKey }

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

/** Metrics with at least one series of every family. */
export function everything(): Metrics {
  const view = fakeView({
    problems: [BAD],
    warnings: [{ policy: 'x/a' as PolicyKey, reason: 'selects-no-pod', field: 'spec.podSelector', message: 'nobody' }],
    hits: () => Promise.resolve({ ...NO_HITS, policies: [hit('x/a ingress 1')], denied: [denial('x/p ingress 1')] }),
  })
  const status = { synced: true, connected: true, objects: 1, lastContactMs: 0, error: undefined }
  return metricsOf({ view: () => view, kubeStatus: () => new Map([['pods', status]]) })
}

/** @param text such as `x/web ingress 3`, which is accepted, or `/no-telnet egress 3 deny` */
export function hit(text: string): PolicyTotal {
  const [key, direction, packets, action = 'accept'] = text.split(' ')
  return { key: key as PolicyKey, direction: direction as Direction, packets: Number(packets), action: action as HitAction }
}

/** @param text such as `x/pod ingress 3`, by isolation, or `x/pod egress 3 admin` */
export function denial(text: string): DeniedTotal {
  const [key, direction, packets, by = 'isolation'] = text.split(' ')
  return { key: key as PodKey, direction: direction as Direction, packets: Number(packets), by: by as DeniedBy }
}
