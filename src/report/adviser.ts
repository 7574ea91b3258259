// Tells people what their policies cannot do although they seem to: in the background, some time after something changed, in
// slices so short that no change waits for them.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { advise, type Surroundings } from '../advice/advise.ts'
import { Settling } from '../advice/settling.ts'
import { placeText, type Warning, warningText } from '../advice/warning.ts'
import type { Problem } from '../cluster/change.ts'
import { kindOfPolicy, type PolicyKey, policyName } from '../cluster/objects.ts'
import type { Notice } from '../cluster/notice.ts'
import type { AnyPolicy } from '../compiler/stages/active-policy.ts'
import { inTurns, type Steps, Turn } from '../base/steps.ts'
import { ContestedAddresses } from './contested-addresses.ts'
import { type Line, writeFew } from './few-lines.ts'

export interface AdviserTiming {
  /** From a change to looking, when nobody has looked for a while. */
  readonly soonMs: number
  /** Between two looks, at least. */
  readonly everyMs: number
  /** What is so for less time is not told: a policy may be made before its pods. */
  readonly settleMs: number
  /** Longest time that the event loop is held. */
  readonly sliceMs: number
  readonly pauseMs: number
}

export interface AdviserOptions extends Surroundings {
  readonly log: Logger
  /** What could not be read of a policy comes first: until it is mended there is no advice. */
  readonly hasProblems: (policy: PolicyKey) => boolean
  readonly notify: (notice: Notice) => void
  readonly timing?: Partial<AdviserTiming>
}

export const ADVISER_TIMING: AdviserTiming = { soonMs: 1000, everyMs: 5000, settleMs: 10_000, sliceMs: 2, pauseMs: 10 }
/** The time between two looks is at least so many times what looking takes: 2 % of a CPU. */
const REST = 50

export class Adviser {
  readonly #options: AdviserOptions
  readonly #timing: AdviserTiming
  readonly #settling: Settling<Warning>
  readonly #contested: ContestedAddresses
  readonly #stop = new AbortController()
  #timer: NodeJS.Timeout | undefined
  /** When the timer ends, by performance.now(); Infinity: there is none. */
  #timerMs = Infinity
  #isLooking = false
  /** Something changed since the last look began. */
  #isStale = false
  /** Not before, by performance.now(). */
  #nextMs = 0

  constructor(options: AdviserOptions) {
    this.#options = options
    this.#timing = { ...ADVISER_TIMING, ...options.timing }
    const { settleMs } = this.#timing
    const keyOf = ({ policy, reason, field }: Warning): string => `${policy} ${reason} ${field}`
    this.#settling = new Settling({ settleMs, keyOf, isSame: (a, b) => a.message === b.message })
    this.#contested = new ContestedAddresses({ ...options, settleMs })
  }

  /** What has been told and still holds. */
  get warnings(): readonly Warning[] {
    return this.#settling.told
  }

  /** Pods of this node whose address is another's too. */
  get problems(): readonly Problem[] {
    return this.#contested.problems
  }

  /** Something changed. Costs next to nothing. */
  changed(): void {
    this.#isStale = true
    this.#lookIn(this.#timing.soonMs)
  }

  close(): void {
    this.#stop.abort()
    clearTimeout(this.#timer)
    this.#contested.close()
  }

  #lookIn(ms: number): void {
    const nowMs = performance.now()
    const atMs = Math.max(nowMs + ms, this.#nextMs)
    if (this.#isLooking || this.#timerMs <= atMs || this.#stop.signal.aborted) return
    clearTimeout(this.#timer)
    this.#timerMs = atMs
    this.#timer = setTimeout(() => {
      this.#timerMs = Infinity
      void this.#look()
    }, atMs - nowMs).unref()
  }

  async #look(): Promise<void> {
    this.#isLooking = true
    this.#isStale = false
    try {
      const found = await this.#find()
      if (this.#stop.signal.aborted) return
      const nowMs = performance.now()
      this.#tell(this.#settling.note(found, nowMs))
      this.#contested.note(nowMs)
    } catch (err) {
      if (!this.#stop.signal.aborted) this.#options.log.error({ err }, 'no advice can be given; please report this')
    } finally {
      this.#isLooking = false
      this.#lookAgain()
    }
  }

  #lookAgain(): void {
    const due = Math.min(this.#settling.dueMs ?? Infinity, this.#contested.dueMs ?? Infinity)
    if (this.#isStale) this.#lookIn(0)
    else if (due < Infinity) this.#lookIn(due - performance.now())
  }

  /** Rejects if stopped meanwhile. */
  async #find(): Promise<Warning[]> {
    const { sliceMs, pauseMs, everyMs } = this.#timing
    const pause = (): Promise<void> => sleep(pauseMs, undefined, { ref: false, signal: this.#stop.signal })
    const turn = new Turn({ turnMs: sliceMs, pause })
    const found = await inTurns(this.#looking([...this.#options.queries.allPolicies()]), turn)
    this.#nextMs = performance.now() + Math.max(everyMs, turn.workedMs * REST)
    return found
  }

  *#looking(policies: readonly AnyPolicy[]): Steps<Warning[]> {
    const found: Warning[] = []
    for (const policy of policies) {
      if (!this.#options.hasProblems(policy.key)) found.push(...yield* advise(policy, this.#options))
      yield
    }
    return found
  }

  #tell({ begun, ended }: { readonly begun: readonly Warning[]; readonly ended: readonly Warning[] }): void {
    writeFew(this.#options.log, [...begun.map(warningLine), ...ended.map(mendedLine)])
    for (const { policy, reason, field, message } of begun) {
      this.#options.notify({ kind: kindOfPolicy(policy), key: policy, reason: inCamelCase(reason), message: `${field} ${message}` })
    }
  }
}

/** A policy without pods is no node's own: every agent tells it, so none does it loudly. */
function warningLine(warning: Warning): Line {
  return { level: warning.reason === 'selects-no-pod' ? 'info' : 'warn', fields: fieldsOf(warning), text: warningText(warning) }
}

function mendedLine(warning: Warning): Line {
  return { level: 'info', fields: fieldsOf(warning), text: `${placeText(warning)}: no warning any more` }
}

function fieldsOf({ policy, reason, field }: Warning): Line['fields'] {
  return { policy: policyName(policy), reason, field }
}

function inCamelCase(reason: string): string {
  return reason.split('-').map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
}
