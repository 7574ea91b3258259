// One line for each policy that comes, changes or goes, with how many pods of this node it applies to. Written when the change is in
// the kernel and the turn of the event loop is over: nothing waits for a log.
import { isDeepStrictEqual } from 'node:util'
import type { Logger } from 'pino'
import type { Problem } from '../cluster/change.ts'
import { kindOfPolicy, type PolicyKey } from '../cluster/objects.ts'
import type { Queries } from '../compiler/queries.ts'
import { type AnyPolicy, isClusterPolicy } from '../compiler/stages/active-policy.ts'
import type { Notice } from '../cluster/notice.ts'
import type { Change } from '../source.ts'
import { type Line, writeFew } from './few-lines.ts'
import { allowsNothing, brokenPolicyLine, podCounts, type PodCounts, type PolicyEvent, policyLine } from './policy-line.ts'

export interface PolicyLogOptions {
  readonly log: Logger
  readonly queries: Queries
  readonly problemsOf: (policy: PolicyKey) => readonly Problem[]
  /** Told of policies that were not read as a whole. */
  readonly notify: (notice: Notice) => void
}

/** What there is to tell of a policy. */
interface State {
  readonly policy: AnyPolicy
  /** What could not be read of it; undefined: nothing. */
  readonly why: string | undefined
}

interface News {
  readonly policy: AnyPolicy
  readonly pods: PodCounts
  readonly line: Line
}

export class PolicyLog {
  readonly #options: PolicyLogOptions
  /** As they were told. */
  readonly #told = new Map<PolicyKey, State>()
  /** As they are; undefined: gone. */
  #noted = new Map<PolicyKey, AnyPolicy | undefined>()
  #isFirst = true
  #waiting: NodeJS.Immediate | undefined

  constructor(options: PolicyLogOptions) {
    this.#options = options
  }

  /** These are on their way to the kernel. */
  note(changes: readonly Change[]): void {
    for (const change of changes) {
      if (change.kind === 'policy' || change.kind === 'cluster-policy') this.#noted.set(change.key, change.now)
    }
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
    const [noted, isFirst] = [this.#noted, this.#isFirst]
    this.#noted = new Map()
    this.#isFirst = false
    const news = [...noted].flatMap(([key, policy]) => this.#learn(key, policy && { policy, why: this.#whyOf(key) }))
    // At the start, policies about pods of other nodes are no news.
    const level = (line: Line, isHere: boolean): Line => (isFirst && line.level === 'info' && !isHere ? { ...line, level: 'debug' } : line)
    writeFew(this.#options.log, news.map(({ line, pods }) => level(line, isAboutAny(pods))))
    if (isFirst) this.#writeSummary(news)
  }

  #writeSummary(news: readonly News[]): void {
    const [ofCluster, others] = [news.filter(({ policy }) => isClusterPolicy(policy)), news.filter(({ policy }) => !isClusterPolicy(policy))]
    const applying = (list: readonly News[]): number => list.filter(({ pods }) => isAboutAny(pods)).length
    const counts = { policies: others.length, isolating: applying(others), clusterPolicies: ofCluster.length, applying: applying(ofCluster) }
    this.#options.log.info(counts, 'policies are in force')
  }

  /** @returns what is new about it */
  #learn(key: PolicyKey, now: State | undefined): News[] {
    const before = this.#told.get(key)
    if (isDeepStrictEqual(before, now)) return []
    if (now !== undefined) {
      this.#told.set(key, now)
      return [this.#newsOf(before === undefined ? 'accepted' : 'changed', now)]
    }
    this.#told.delete(key)
    return before === undefined ? [] : [this.#newsOf('removed', { ...before, why: undefined })]
  }

  #newsOf(event: PolicyEvent, { policy, why }: State): News {
    const pods = podCounts(policy.key, this.#options.queries)
    if (why === undefined) return { policy, pods, line: policyLine(event, policy, pods) }
    const reason = allowsNothing(policy) ? 'Rejected' : 'AcceptedInPart'
    this.#options.notify({ kind: kindOfPolicy(policy.key), key: policy.key, reason, message: why })
    return { policy, pods, line: brokenPolicyLine(event, policy, pods, why) }
  }

  #whyOf(key: PolicyKey): string | undefined {
    const [problem, ...others] = this.#options.problemsOf(key)
    if (problem === undefined) return undefined
    return `${problem.field} ${problem.message}${others.length > 0 ? ` (and ${others.length} more)` : ''}`.trim()
  }
}

function isAboutAny({ ingress, egress }: PodCounts): boolean {
  return ingress + egress > 0
}
