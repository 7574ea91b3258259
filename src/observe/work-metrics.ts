// The agent's work: how long it takes, how much there is, and what fails.
import { exponentialBuckets, type Registry } from 'prom-client'
import { counter, histogram } from './instruments.ts'
import type { AgentObserver, RepairReason, Stage } from '../agent/observer.ts'

/** From 10 µs, the time of one system call, to 10 s, which users notice. */
const DURATIONS = [1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1].flatMap((decade) => [1, 2.5, 5].map((step) => Number((decade * step).toPrecision(2)))).concat(10)
/** From one element to 262,144, by four. */
const ELEMENTS = exponentialBuckets(1, 4, 10)
/** Failures that are known to happen. They start at 0: increase() misses the first event of a series that starts with it. */
const LIKELY_FAILURES: Readonly<Record<Stage, readonly string[]>> = {
  veths: ['ENOBUFS'], // more changes of links than a socket buffers
  commit: ['EBUSY', 'EEXIST', 'ENOENT', 'ENOMEM', 'NFT', 'NODE_UNFIT'], // the last: another process owns the tables
  compare: ['ENOBUFS', 'ENOENT', 'NETLINK'], // the last: other processes changed something during each comparison
  counters: ['ENOBUFS', 'ENOENT'],
}
const REPAIR_REASONS: readonly RepairReason[] = ['handle', 'content', 'refused']

export function workMetrics(registry: Registry): Required<AgentObserver> {
  const programming = histogram(registry, {
    name: 'programming_duration_seconds',
    help: "Time from the last byte of a change (the oldest, if several are applied together) to the kernel's confirmation, in seconds.",
  }, DURATIONS)
  const transaction = histogram(registry, {
    name: 'transaction_duration_seconds',
    help: 'Time that each kernel transaction takes, including its encoding, in seconds.',
  }, DURATIONS)
  const elements = histogram(registry, {
    name: 'transaction_elements',
    help: 'Set and map elements that each transaction added and deleted.',
  }, ELEMENTS)
  const failures = counter(registry, {
    name: 'failures_total',
    help: 'Failed operations, which the agent retries, by stage and error code.',
    labels: ['stage', 'reason'],
  })
  const repairs = counter(registry, {
    name: 'table_repairs_total',
    help: 'Times that the agent recreated or repaired its tables: another process had removed (handle) or changed (content) them, or the kernel refused a change (refused).',
    labels: ['reason'],
  })
  for (const [stage, reasons] of Object.entries(LIKELY_FAILURES)) for (const reason of reasons) failures.inc({ stage, reason }, 0)
  for (const reason of REPAIR_REASONS) repairs.inc({ reason }, 0)
  return {
    committed: ({ changes, durationMs, transactionMs, elements: count }) => {
      if (changes > 0) programming.observe(durationMs / 1000)
      transaction.observe(transactionMs / 1000)
      elements.observe(count)
    },
    failed: (stage, reason) => failures.inc({ stage, reason }),
    repaired: (reason) => repairs.inc({ reason }),
  }
}
