// One line for each policy that comes, changes or goes, with how many pods of this node it isolates. Written when the change is in
// the kernel and the turn of the event loop is over: nothing waits for a log.
import { isDeepStrictEqual } from 'node:util'
import type { Logger } from 'pino'
import type { Problem } from '../cluster/change.ts'
import type { PolicyKey } from '../cluster/objects.ts'
import type { Census } from '../compiler/census.ts'
import type { Notice } from '../kube/event-object.ts'
import { DIRECTIONS, type Policy, type PolicyChange } from '../policy/types.ts'
import type { Change } from '../source.ts'
import { type Line, writeFew } from './few-lines.ts'

export interface PolicyLogOptions {
  readonly log: Logger
  readonly census: Census
  readonly problemsOf: (policy: PolicyKey) => readonly Problem[]
  /** Told of policies that were not read as a whole. */
  readonly notify: (notice: Notice) => void
}

type Event = 'accepted' | 'changed' | 'removed'

const REJECTED = 'policy rejected: it isolates the pods it selects and allows nothing (fail closed)'
const PARTLY = 'what of it could not be read allows nothing (fail closed)'

export class PolicyLog {
  readonly #options: PolicyLogOptions
  /** As they were told. */
  readonly #known = new Map<PolicyKey, Policy>()
  #noted: PolicyChange[] = []
  #isFirst = true
  #waiting: NodeJS.Immediate | undefined

  constructor(options: PolicyLogOptions) {
    this.#options = options
  }

  /** These are on their way to the kernel. */
  note(changes: readonly Change[]): void {
    for (const change of changes) if (change.kind === 'policy') this.#noted.push(change)
  }

  /** All that was noted is in force. */
  tell(): void {
    if (this.#noted.length === 0 && !this.#isFirst) return
    this.#waiting ??= setImmediate(() => {
      this.#waiting = undefined
      this.#write()
    })
  }

  close(): void {
    clearImmediate(this.#waiting)
  }

  #write(): void {
    const isFirst = this.#isFirst
    const last = new Map(this.#noted.map(({ key, now }) => [key, now]))
    this.#noted = []
    this.#isFirst = false
    const lines = [...last].flatMap(([key, now]) => {
      const event = this.#learn(key, now)
      return event === undefined ? [] : [this.#lineOf(key, now, event)]
    })
    // At the start, policies about pods of other nodes are no news.
    writeFew(this.#options.log, isFirst ? lines.map((line) => (line.level === 'info' && !isolates(line) ? { ...line, level: 'debug' } : line)) : lines)
    if (isFirst) this.#options.log.info({ policies: lines.length, isolating: lines.filter(isolates).length }, 'policies are in force')
  }

  /** @returns undefined if it is as it was */
  #learn(key: PolicyKey, now: Policy | undefined): Event | undefined {
    const before = this.#known.get(key)
    if (now === undefined) return this.#known.delete(key) ? 'removed' : undefined
    if (isDeepStrictEqual(before, now)) return undefined
    this.#known.set(key, now)
    return before === undefined ? 'accepted' : 'changed'
  }

  #lineOf(policy: PolicyKey, now: Policy | undefined, event: Event): Line {
    const { census, problemsOf, notify } = this.#options
    const fields = { policy, isolates: { ingress: census.isolated(policy, 'ingress'), egress: census.isolated(policy, 'egress') } }
    const [problem, ...others] = now === undefined ? [] : problemsOf(policy)
    if (now === undefined || problem === undefined) return { level: 'info', fields, text: `policy ${event}` }
    const text = allowsNothing(now) ? REJECTED : `policy ${event} in part: ${PARTLY}`
    const why = `${problem.field} ${problem.message}${others.length > 0 ? ` (and ${others.length} more)` : ''}`.trim()
    notify({ kind: 'NetworkPolicy', key: policy, reason: allowsNothing(now) ? 'Rejected' : 'AcceptedInPart', message: why })
    return { level: 'warn', fields: { ...fields, why }, text }
  }
}

function isolates({ fields }: Line): boolean {
  const { ingress, egress } = fields['isolates'] as Record<string, number>
  return ingress !== 0 || egress !== 0
}

function allowsNothing(policy: Policy): boolean {
  return DIRECTIONS.every((direction) => (policy[direction] ?? []).every(({ peers, ports }) => peers.length === 0 || ports.length === 0))
}
