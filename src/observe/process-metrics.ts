// The process itself: what was built, how much it takes, and how long its event loop was held.
import process from 'node:process'
import { collectDefaultMetrics, Registry } from 'prom-client'
import { gaugeOf, histogram, valueOf } from './instruments.ts'

export interface Build {
  readonly version: string
  readonly backend: string
  /** What the kernel is to do is only told. */
  readonly isDryRun: boolean
}

/** Of all that the library has, what Prometheus' own conventions name (and promtool takes). */
const STANDARD = [
  'process_cpu_user_seconds_total', // must come: it is the one that reads all three
  'process_cpu_system_seconds_total',
  'process_cpu_seconds_total',
  'process_start_time_seconds',
  'process_resident_memory_bytes',
  'process_open_fds',
  'process_max_fds',
] as const

const LAGS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5]
const LAG_PERIOD_MS = 20

/** @returns what ends the measuring */
export function processMetrics(registry: Registry, { version, backend, isDryRun }: Build): () => void {
  gaugeOf(registry, {
    name: 'build_info',
    help: 'Always 1; the labels say what runs.',
    labels: ['version', 'node_version', 'backend'],
  }, () => [[{ version, node_version: process.version, backend }, 1]])
  valueOf(registry, {
    name: 'dry_run',
    help: 'Whether the agent leaves the kernel as it is and enforces nothing (1), or enforces (0).',
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

/** By a timer that is late: perf_hooks' monitorEventLoopDelay tells percentiles of its own time, of which Prometheus can make no sums. */
function measureLag(registry: Registry): () => void {
  const lag = histogram(registry, {
    name: 'event_loop_lag_seconds',
    help: `How late a timer was that is due every ${LAG_PERIOD_MS} ms, in seconds: nothing else ran in that time either.`,
  }, LAGS)
  let dueMs = performance.now() + LAG_PERIOD_MS
  const timer = setInterval(() => {
    const nowMs = performance.now()
    lag.observe(Math.max(0, nowMs - dueMs) / 1000)
    dueMs = nowMs + LAG_PERIOD_MS
  }, LAG_PERIOD_MS).unref()
  return () => clearInterval(timer)
}
