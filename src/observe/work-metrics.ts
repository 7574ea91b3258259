// What the agent does: how long it takes, how much it is, and what goes wrong.
import { exponentialBuckets, type Registry } from 'prom-client'
import { counter, histogram } from './instruments.ts'
import type { AgentObserver, RepairReason, Stage } from '../agent/observer.ts'

/** From 10 µs, the time of one system call, to 10 s, when somebody has noticed already. */
const DURATIONS = [1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1].flatMap((decade) => [1, 2.5, 5].map((step) => Number((decade * step).toPrecision(2)))).concat(10)
/** From one element to 262,144, by four. */
const ELEMENTS = exponentialBuckets(1, 4, 10)
/** What is known to happen: 0 from the start, for increase() does not see the first of a series that begins with it. */
const LIKELY_FAILURES: Readonly<Record<Stage, readonly string[]>> = {
  veths: ['ENOBUFS'], // more news of links than a socket holds
  commit: ['EBUSY', 'EEXIST', 'ENOENT', 'ENOMEM', 'NFT', 'NODE_UNFIT'], // the last: another process owns the tables
  compare: ['ENOBUFS', 'ENOENT', 'NETLINK'], // the last: others changed something each time it was looked
  counters: ['ENOBUFS', 'ENOENT'],
}
const REPAIR_REASONS: readonly RepairReason[] = ['handle', 'content', 'refused']

export function workMetrics(registry: Registry): Required<AgentObserver> {
  const programming = histogram(registry, {
    name: 'programming_duration_seconds',
    help: "From the arrival of a change's last byte (of the oldest, where several go together) to the kernel's confirmation, in seconds.",
  }, DURATIONS)
  const transaction = histogram(registry, {
    name: 'transaction_duration_seconds',
    help: 'Of each transaction with the kernel, from its making to its confirmation, in seconds.',
  }, DURATIONS)
  const elements = histogram(registry, {
    name: 'transaction_elements',
    help: 'Set and map elements that each transaction added and deleted.',
  }, ELEMENTS)
  const failures = counter(registry, {
    name: 'failures_total',
    help: 'What failed, and is tried again: by stage, and by the code of the error.',
    labels: ['stage', 'reason'],
  })
  const repairs = counter(registry, {
    name: 'table_repairs_total',
    help: 'Times that the tables were made anew or mended: somebody took them away (handle) or changed them (content), or the kernel refused a change.',
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
