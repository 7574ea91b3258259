// What is wrong with objects of the cluster and with the node, by object; every change is logged once.
import type { Logger } from 'pino'
import type { Problem } from '../cluster/change.ts'

export class Problems {
  readonly #log: Logger
  readonly #byObject = new Map<string, readonly Problem[]>()

  constructor(log: Logger) {
    this.#log = log
  }

  all(): Problem[] {
    return [...this.#byObject.values()].flat()
  }

  /** All current problems of one object; none: it has no more. */
  set(object: string, problems: readonly Problem[]): void {
    const before = new Set(this.#byObject.get(object)?.map(textOf))
    for (const problem of problems) {
      if (!before.has(textOf(problem))) this.#log.warn(problem, `${problem.object}: ${textOf(problem)}`)
    }
    if (problems.length > 0) this.#byObject.set(object, problems)
    else if (this.#byObject.delete(object)) this.#log.info({ object }, `${object}: no problem any more`)
  }
}

function textOf({ field, message }: Problem): string {
  return field === '' ? message : `${field} ${message}`
}
