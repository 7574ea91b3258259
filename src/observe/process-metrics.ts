// The process: its build, its use of resources, and the delay of its event loop.
import process from 'node:process'
import { collectDefaultMetrics, Registry } from 'prom-client'
import { gaugeOf, histogram, valueOf } from './instruments.ts'

export interface Build {
  readonly version: string
  readonly backend: string
  /** Changes of the kernel are only logged. */
  readonly isDryRun: boolean
}

/** Of all that the library has, what Prometheus' own conventions name (and promtool takes). */
const STANDARD = [
  'process_cpu_user_seconds_total', // required: it is the one that reads all three
  'process_cpu_system_seconds_total',
  'process_cpu_seconds_total',
  'process_start_time_seconds',
  'process_resident_memory_bytes',
  'process_open_fds',
  'process_max_fds',
] as const

const LAGS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5]
const LAG_PERIOD_MS = 20

/** @returns a function that stops measuring */
export function processMetrics(registry: Registry, { version, backend, isDryRun }: Build): () => void {
  gaugeOf(registry, {
    name: 'build_info',
    help: 'Always 1; the labels describe the running version.',
    labels: ['version', 'node_version', 'backend'],
  }, () => [[{ version, node_version: process.version, backend }, 1]])
  valueOf(registry, {
    name: 'dry_run',
    help: 'Whether this is a dry run, which leaves the kernel unchanged (1), or the agent enforces policies (0).',
  }, () => Number(isDryRun))
  standardMetrics(registry)
  return measureLag(registry)
}

function standardMetrics(registry: Registry): void {
  const all = new Registry()
  collectDefaultMetrics({ register: all, eventLoopMonitoringPrecision: 60_000 })
  for (const name of STANDARD) {
    const metric = all.getSingleMetric(name)
    if (metric !== undefined) registry.registerMetric(metric)
  }
}

/** Measures the delay of a timer: monitorEventLoopDelay of perf_hooks gives percentiles, which cannot be aggregated over agents or time. */
function measureLag(registry: Registry): () => void {
  const lag = histogram(registry, {
    name: 'event_loop_lag_seconds',
    help: `Delay of a timer that is due every ${LAG_PERIOD_MS} ms, in seconds: the event loop was busy for that long.`,
  }, LAGS)
  let dueMs = performance.now() + LAG_PERIOD_MS
  const timer = setInterval(() => {
    const nowMs = performance.now()
    lag.observe(Math.max(0, nowMs - dueMs) / 1000)
    dueMs = nowMs + LAG_PERIOD_MS
  }, LAG_PERIOD_MS).unref()
  return () => clearInterval(timer)
}
