// What an agent is made of, by its settings.
import process from 'node:process'
import type { Logger } from 'pino'
import { Agent } from '../agent/agent.ts'
import type { Source } from '../source.ts'
import type { Config } from '../config/options.ts'
import { FolderSource } from '../manifests/folder.ts'
import { findCredentials } from '../kube/credentials/credentials.ts'
import { EventRecorder } from '../kube/events/event-recorder.ts'
import type { KubeObserver } from '../kube/observer.ts'
import { KubeSource } from '../kube/source.ts'
import { createBackend } from '../netlink/create-backend.ts'
import { VethTable } from '../netlink/route/veths.ts'
import type { Backend } from '../nftables/backend.ts'
import { Metrics } from '../observe/metrics.ts'
import type { KubeStatus } from '../observe/watch-metrics.ts'
import { dryRun } from './dry-run.ts'
import { version } from './version.ts'

export interface AgentParts {
  readonly agent: Agent
  readonly metrics: Metrics
  readonly kubeStatus: () => KubeStatus
  /** Undefined: none are to be written. */
  readonly events: EventRecorder | undefined
}

interface Reader {
  readonly source: Source
  readonly status: () => KubeStatus
}

/** Nothing of it has begun yet. @throws VethguardError NODE_UNFIT */
export function agentParts(config: Config, log: Logger): AgentParts {
  const events = eventsOf(config, log)
  const metrics: Metrics = new Metrics({
    build: { version: version(), backend: config.backend, isDryRun: config.dryRun },
    policyLimit: config.metricsPolicyLabels,
    view: () => agent.view,
    kubeStatus: config.source === undefined ? () => reader.status() : undefined,
    log: log.child({ component: 'metrics' }),
  })
  const reader = readerOf(config, metrics.kube, log)
  const agent = new Agent({
    nodeName: config.nodeName,
    spoofGuard: config.spoofGuard,
    compareSeconds: config.compareSeconds,
    serviceRanges: config.serviceCidrs,
    source: reader.source,
    backend: backendOf(config, log),
    veths: (onChange, onError) => new VethTable({ onChange, onError }),
    observer: metrics.agent,
    ...(events === undefined ? {} : { notify: (notice) => events.record(notice) }),
    log,
  })
  return { agent, metrics, kubeStatus: reader.status, events }
}

/** The folder if there is one, else the API server of the kubeconfig file or of the Pod we are in. */
function readerOf({ source, kubeconfig, nodeName, clusterNetworkPolicies: clusterPolicies }: Config, observer: KubeObserver, log: Logger): Reader {
  if (source !== undefined) return { source: new FolderSource(source), status: () => new Map() }
  const credentials = () => findCredentials(kubeconfig, process.env)
  const server = new KubeSource({ nodeName, credentials, clusterPolicies, observer, log: log.child({ component: 'kube' }) })
  return { source: server, status: () => server.status() }
}

/** A dry run writes none: what it would deny is not denied. */
function eventsOf({ events, dryRun: isDry, kubeconfig, nodeName }: Config, log: Logger): EventRecorder | undefined {
  if (!events || isDry) return undefined
  return new EventRecorder({ credentials: () => findCredentials(kubeconfig, process.env), nodeName, log: log.child({ component: 'events' }) })
}

function backendOf({ backend: kind, dryRun: isDry }: Config, log: Logger): Backend {
  return isDry ? dryRun(log.child({ component: 'dry-run' })) : createBackend({ kind })
}
