// All metrics: some are counted as events happen, others are read at each scrape.
//
//   agent ──AgentObserver──▶┐                          ┌──▶ text
//   source ──KubeObserver──▶├─ registry ──▶ readings ──┤
//   AgentView, KubeStatus ──┘   (at a scrape, shared)  └──▶ OpenMetrics
import type { Logger } from 'pino'
import { Registry } from 'prom-client'
import type { KubeObserver } from '../kube/observer.ts'
import { type Exposition, type Format, Readings } from './exposition.ts'
import type { AgentObserver } from '../agent/observer.ts'
import { type PolicyMetrics, policyMetrics } from './policy-metrics.ts'
import { type Build, processMetrics } from './process-metrics.ts'
import { stateMetrics } from './state-metrics.ts'
import type { AgentView } from '../agent/view.ts'
import type { HitTotals } from '../counters/totals.ts'
import { type KubeStatus, watchMetrics } from './watch-metrics.ts'
import { workMetrics } from './work-metrics.ts'

export interface MetricsOptions {
  readonly build: Build
  /** How many policies may have series. */
  readonly policyLimit: number
  /** Called at scrapes only: the agent is created after its observers. */
  readonly view: () => AgentView
  /** Undefined: the source is not an API server. */
  readonly kubeStatus?: (() => KubeStatus) | undefined
  readonly log: Logger
}

export class Metrics {
  readonly agent: Required<AgentObserver>
  readonly kube: Required<KubeObserver>
  readonly #registry = new Registry()
  readonly #view: () => AgentView
  readonly #log: Logger
  readonly #policies: PolicyMetrics
  readonly #stopMeasuring: () => void
  /** Shared by concurrent scrapes. */
  #readings: Promise<Readings> | undefined

  constructor({ build, policyLimit, view, kubeStatus, log }: MetricsOptions) {
    this.#view = view
    this.#log = log
    this.#policies = policyMetrics(this.#registry, view, policyLimit)
    this.agent = workMetrics(this.#registry)
    stateMetrics(this.#registry, view)
    this.kube = watchMetrics(this.#registry, kubeStatus)
    this.#stopMeasuring = processMetrics(this.#registry, build)
  }

  /** Returns the current values. Concurrent scrapes get the same answer. */
  async scrape(format: Format): Promise<Exposition> {
    this.#readings ??= this.#read().finally(() => (this.#readings = undefined))
    const readings = await this.#readings
    return readings.as(format)
  }

  close(): void {
    this.#stopMeasuring()
  }

  async #read(): Promise<Readings> {
    this.#policies.update(await this.#hits())
    return Readings.of(this.#registry)
  }

  /** The agent counts failures itself. */
  async #hits(): Promise<HitTotals | undefined> {
    try {
      return await this.#view().hits()
    } catch (err) {
      this.#log.warn({ err }, 'cannot read the kernel counters: this scrape has no hits and denials')
      return undefined
    }
  }
}
