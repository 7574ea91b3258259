// The connection to the API server: events, interruptions, and the objects known.
import type { Registry } from 'prom-client'
import type { EventType } from '../kube/reflector/watch-events.ts'
import { RESTART_REASONS } from '../kube/reflector/failure.ts'
import type { KubeObserver, ResourceStatus } from '../kube/observer.ts'
import type { ResourceName } from '../kube/reflector/resource.ts'
import { counter, gaugeOf, type Sample } from './instruments.ts'

/** By resource; empty before the start, and if there is no API server. */
export type KubeStatus = ReadonlyMap<ResourceName, ResourceStatus>

/** As the Kubernetes API names them. All start at 0: increase() misses the first event of a series that starts with it. */
const RESOURCES: readonly ResourceName[] = ['pods', 'namespaces', 'networkpolicies', 'clusternetworkpolicies', 'nodes']
const EVENT_TYPES: readonly EventType[] = ['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK']

/** @param status undefined: there is no API server, and none of these series */
export function watchMetrics(registry: Registry, status: (() => KubeStatus) | undefined): Required<KubeObserver> {
  readMetrics(registry, status ?? (() => new Map()))
  const counters = countersOf(registry)
  if (status !== undefined) RESOURCES.forEach((resource) => startAtZero(counters, resource))
  return {
    event: (resource, type) => counters.events.inc({ resource, type }),
    restarted: (resource, reason) => counters.restarts.inc({ resource, reason }),
    relisted: (resource) => counters.relists.inc({ resource }),
  }
}

function countersOf(registry: Registry) {
  return {
    events: counter(registry, {
      name: 'watch_events_total',
      help: 'Watch events received from the API server, including the initial ones of existing objects.',
      labels: ['resource', 'type'],
    }),
    restarts: counter(registry, {
      name: 'watch_restarts_total',
      help: 'Times that a watch was interrupted and restarted; API servers end watches every few minutes (ended).',
      labels: ['resource', 'reason'],
    }),
    relists: counter(registry, {
      name: 'relists_total',
      help: 'Times that all objects were read again after the first time.',
      labels: ['resource'],
    }),
  }
}

function startAtZero({ events, restarts, relists }: ReturnType<typeof countersOf>, resource: ResourceName): void {
  for (const type of EVENT_TYPES) events.inc({ resource, type }, 0)
  for (const reason of RESTART_REASONS) restarts.inc({ resource, reason }, 0)
  relists.inc({ resource }, 0)
}

function readMetrics(registry: Registry, status: () => KubeStatus): void {
  const byResource = (read: (status: ResourceStatus) => number) => (): Sample<'resource'>[] => {
    return Array.from(status(), ([resource, each]) => [{ resource }, read(each)])
  }
  const labels = ['resource'] as const
  gaugeOf(registry, { name: 'objects', help: 'Objects that the agent knows.', labels }, byResource(({ objects }) => objects))
  gaugeOf(registry, {
    name: 'watch_connected',
    help: 'Whether the watch is connected (1), or the agent is trying to reconnect (0); meanwhile the rules stay in force.',
    labels,
  }, byResource(({ connected }) => Number(connected)))
  gaugeOf(registry, {
    name: 'watch_last_contact_timestamp_seconds',
    help: 'Time of the last message from the API server, in seconds since 1970; 0: never.',
    labels,
  }, byResource(({ lastContactMs }) => (lastContactMs === undefined ? 0 : (performance.timeOrigin + lastContactMs) / 1000)))
}
