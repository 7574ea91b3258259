// Everything the agent tells people about their policies: what became of them, and what they cannot do.
//
//   changes in force ─┬▶ PolicyLog ─▶ a line each ────────────┐
//                     └▶ Adviser ─▶ warnings, after a while ──┴▶ log, metrics, Events
import type { Logger } from 'pino'
import type { Warning } from '../advice/warning.ts'
import type { AddressRange } from '../cluster/address.ts'
import type { Problem } from '../cluster/change.ts'
import type { PolicyKey } from '../cluster/objects.ts'
import type { Queries } from '../compiler/queries.ts'
import type { Notice } from '../cluster/notice.ts'
import type { Change } from '../source.ts'
import { Adviser, type AdviserTiming } from './adviser.ts'
import { PolicyLog } from './policy-log.ts'
import type { Problems } from './problems.ts'

export interface ReportOptions {
  /** Ranges of addresses of Services, as far as they are known. */
  readonly serviceRanges?: readonly AddressRange[]
  /** Told of what belongs into an Event of Kubernetes. */
  readonly notify?: (notice: Notice) => void
  readonly adviserTiming?: Partial<AdviserTiming>
}

export interface ReportSources {
  readonly queries: Queries
  readonly problems: Problems
  readonly log: Logger
}

export class PolicyReports {
  readonly #problems: Problems
  readonly #log: PolicyLog
  readonly #adviser: Adviser
  /** Something is not in the kernel yet: at first, everything. */
  #isPending = true

  constructor({ queries, problems, log }: ReportSources, options: ReportOptions) {
    this.#problems = problems
    const { serviceRanges = [], notify = () => undefined, adviserTiming: timing = {} } = options
    this.#log = new PolicyLog({ log: log.child({ component: 'policies' }), queries, problemsOf: (key) => problems.ofPolicy(key), notify })
    const hasProblems = (key: PolicyKey): boolean => problems.ofPolicy(key).length > 0
    this.#adviser = new Adviser({ queries, serviceRanges, hasProblems, notify, timing, log: log.child({ component: 'advice' }) })
  }

  get warnings(): readonly Warning[] {
    return this.#adviser.warnings
  }

  get problems(): readonly Problem[] {
    return this.#adviser.problems
  }

  /** These changes are on their way to the kernel. */
  note(changes: readonly Change[]): void {
    this.#isPending = true
    this.#log.note(changes)
  }

  /** All problems of an object. Sources tell them after the change. */
  setProblems(object: string, problems: readonly Problem[]): void {
    const policy = this.#problems.set(object, problems)
    if (policy !== undefined) this.#log.noteProblems(policy)
    if (policy !== undefined && !this.#isPending) this.inForce()
  }

  /** What was noted is in force. Everything else is done later. */
  inForce(): void {
    this.#isPending = false
    this.#log.tell()
    this.#adviser.changed()
  }

  close(): void {
    this.#log.close()
    this.#adviser.close()
    this.#problems.close()
  }
}
