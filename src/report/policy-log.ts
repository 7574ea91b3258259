// One line for each policy that comes, changes or goes, with how many pods of this node it isolates. Written when the change is in
// the kernel and the turn of the event loop is over: nothing waits for a log.
import { isDeepStrictEqual } from 'node:util'
import type { Logger } from 'pino'
import type { Problem } from '../cluster/change.ts'
import type { PolicyKey } from '../cluster/objects.ts'
import type { Queries } from '../compiler/queries.ts'
import type { Notice } from '../cluster/notice.ts'
import { DIRECTIONS, type Policy } from '../policy/types.ts'
import type { Change } from '../source.ts'
import { type Line, writeFew } from './few-lines.ts'

export interface PolicyLogOptions {
  readonly log: Logger
  readonly queries: Queries
  readonly problemsOf: (policy: PolicyKey) => readonly Problem[]
  /** Told of policies that were not read as a whole. */
  readonly notify: (notice: Notice) => void
}

type Event = 'accepted' | 'changed' | 'removed'

const REJECTED = 'policy rejected: it isolates the pods it selects and allows nothing (fail closed)'
const PARTLY = 'what of it could not be read allows nothing (fail closed)'

/** What there is to tell of a policy. */
interface State {
  readonly policy: Policy
  /** What could not be read of it; undefined: nothing. */
  readonly why: string | undefined
}

export class PolicyLog {
  readonly #options: PolicyLogOptions
  /** As they were told. */
  readonly #told = new Map<PolicyKey, State>()
  /** As they are; undefined: gone. */
  #noted = new Map<PolicyKey, Policy | undefined>()
  #isFirst = true
  #waiting: NodeJS.Immediate | undefined

  constructor(options: PolicyLogOptions) {
    this.#options = options
  }

  /** These are on their way to the kernel. */
  note(changes: readonly Change[]): void {
    for (const change of changes) if (change.kind === 'policy') this.#noted.set(change.key, change.now)
  }

  /** Something else could not be read of a policy, or it could be read now. */
  noteProblems(key: PolicyKey): void {
    const told = this.#told.get(key)
    if (told !== undefined && !this.#noted.has(key)) this.#noted.set(key, told.policy)
  }

  /** All that was noted is in force. */
  tell(): void {
    if (this.#noted.size === 0 && !this.#isFirst) return
    this.#waiting ??= setImmediate(() => {
      this.#waiting = undefined
      this.#write()
    })
  }

  close(): void {
    clearImmediate(this.#waiting)
  }

  #write(): void {
    const [noted, isFirst, { log }] = [this.#noted, this.#isFirst, this.#options]
    this.#noted = new Map()
    this.#isFirst = false
    const lines = [...noted].flatMap(([key, policy]) => this.#learn(key, policy && { policy, why: this.#whyOf(key) }))
    // At the start, policies about pods of other nodes are no news.
    writeFew(log, isFirst ? lines.map((line) => (line.level === 'info' && !isolates(line) ? { ...line, level: 'debug' } : line)) : lines)
    if (isFirst) log.info({ policies: lines.length, isolating: lines.filter(isolates).length }, 'policies are in force')
  }

  /** @returns what is new about it */
  #learn(key: PolicyKey, now: State | undefined): Line[] {
    const before = this.#told.get(key)
    if (isDeepStrictEqual(before, now)) return []
    if (now === undefined) {
      this.#told.delete(key)
      return [this.#lineOf(key, 'removed')]
    }
    this.#told.set(key, now)
    return [this.#lineOf(key, before === undefined ? 'accepted' : 'changed', now)]
  }

  #lineOf(policy: PolicyKey, event: Event, now?: State): Line {
    const { queries, notify } = this.#options
    const fields = { policy, isolates: { ingress: queries.podsOf(policy, 'ingress'), egress: queries.podsOf(policy, 'egress') } }
    if (now?.why === undefined) return { level: 'info', fields, text: `policy ${event}` }
    const isRejected = allowsNothing(now.policy)
    notify({ kind: 'NetworkPolicy', key: policy, reason: isRejected ? 'Rejected' : 'AcceptedInPart', message: now.why })
    return { level: 'warn', fields: { ...fields, why: now.why }, text: isRejected ? REJECTED : `policy ${event} in part: ${PARTLY}` }
  }

  #whyOf(key: PolicyKey): string | undefined {
    const [problem, ...others] = this.#options.problemsOf(key)
    if (problem === undefined) return undefined
    return `${problem.field} ${problem.message}${others.length > 0 ? ` (and ${others.length} more)` : ''}`.trim()
  }
}

function isolates({ fields }: Line): boolean {
  const { ingress, egress } = fields['isolates'] as Record<string, number>
  return ingress !== 0 || egress !== 0
}

function allowsNothing(policy: Policy): boolean {
  return DIRECTIONS.every((direction) => (policy[direction] ?? []).every(({ peers, ports }) => peers.length === 0 || ports.length === 0))
}
