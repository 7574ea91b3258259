// What an agent is made of, by its settings.
import process from 'node:process'
import type { Logger } from 'pino'
import { Agent } from '../agent/agent.ts'
import type { Config } from '../config/options.ts'
import { findCredentials } from '../kube/credentials/credentials.ts'
import { EventRecorder } from '../kube/events/event-recorder.ts'
import { createBackend } from '../netlink/create-backend.ts'
import { VethTable } from '../netlink/route/veths.ts'
import type { Backend } from '../nftables/backend.ts'
import { Metrics } from '../observe/metrics.ts'
import type { KubeStatus } from '../observe/watch-metrics.ts'
import { dryRun } from './dry-run.ts'
import { readerOf } from './reader.ts'
import { version } from './version.ts'

export interface AgentParts {
  readonly agent: Agent
  readonly metrics: Metrics
  readonly kubeStatus: () => KubeStatus
  /** Undefined: none are to be written. */
  readonly events: EventRecorder | undefined
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
    tunnels: config.tunnels,
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

/** A dry run writes none: what it would deny is not denied. */
function eventsOf({ events, dryRun: isDry, kubeconfig, nodeName }: Config, log: Logger): EventRecorder | undefined {
  if (!events || isDry) return undefined
  return new EventRecorder({ credentials: () => findCredentials(kubeconfig, process.env), nodeName, log: log.child({ component: 'events' }) })
}

function backendOf({ backend: kind, dryRun: isDry }: Config, log: Logger): Backend {
  return isDry ? dryRun(log.child({ component: 'dry-run' })) : createBackend({ kind })
}
