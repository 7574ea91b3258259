// All metrics: those that are counted as things happen, and those that are read when somebody scrapes.
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
  /** How many policies may have series of their own. */
  readonly policyLimit: number
  /** Asked at scrapes only: the agent is made after its observers. */
  readonly view: () => AgentView
  /** Undefined: the source is no API server. */
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
  /** Of those who scrape now. */
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

  /** What there is now. Who asks while another is being answered gets the same answer. */
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

  /** The agent counts failures of these itself. */
  async #hits(): Promise<HitTotals | undefined> {
    try {
      return await this.#view().hits()
    } catch (err) {
      this.#log.warn({ err }, 'the kernel does not tell its counters: this scrape goes without hits and denials')
      return undefined
    }
  }
}
