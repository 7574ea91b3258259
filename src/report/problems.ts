// What is wrong with objects of the cluster and with the node, by object; every change is logged once.
import type { Logger } from 'pino'
import type { Problem } from '../cluster/change.ts'
import type { PolicyKey } from '../cluster/objects.ts'
import { addTo, removeFrom } from '../base/collections.ts'
import { FewLines } from './few-lines.ts'

export class Problems {
  readonly #lines: FewLines
  readonly #byObject = new Map<string, readonly Problem[]>()
  readonly #byPolicy = new Map<PolicyKey, Set<string>>()

  constructor(log: Logger) {
    this.#lines = new FewLines(log)
  }

  all(): Problem[] {
    return [...this.#byObject.values()].flat()
  }

  /** Problems of a policy, wherever its manifest stands. */
  ofPolicy(key: PolicyKey): readonly Problem[] {
    return [...(this.#byPolicy.get(key) ?? [])].flatMap((object) => this.#byObject.get(object) ?? [])
  }

  /** All current problems of one object; none: it has no more. @returns the policy that it is, if it is one */
  set(object: string, problems: readonly Problem[]): PolicyKey | undefined {
    const before = this.#byObject.get(object) ?? []
    const known = new Set(before.map(textOf))
    for (const problem of problems) {
      if (known.has(textOf(problem))) continue
      this.#lines.write({ level: 'warn', fields: { object, field: problem.field }, text: textOf(problem) })
    }
    const fields = new Set(problems.map(({ field }) => field))
    for (const field of new Set(before.map((problem) => problem.field))) {
      if (fields.has(field)) continue
      this.#lines.write({ level: 'info', fields: { object, field }, text: `${placeOf({ object, field })}: no problem any more` })
    }
    const policy = [...problems, ...before][0]?.policy
    if (problems.length > 0) {
      this.#byObject.set(object, problems)
      if (policy !== undefined) addTo(this.#byPolicy, policy, object)
    } else {
      this.#byObject.delete(object)
      if (policy !== undefined) removeFrom(this.#byPolicy, policy, object)
    }
    return policy
  }

  close(): void {
    this.#lines.close()
  }
}

function textOf(problem: Problem): string {
  return `${placeOf(problem)}${problem.field === '' ? ':' : ''} ${problem.message}`
}

function placeOf({ object, field }: Pick<Problem, 'object' | 'field'>): string {
  return field === '' ? object : `${object}: ${field}`
}
