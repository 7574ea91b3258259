// What a resource's objects are, as far as the sink has been told. Only real differences come out of it: most events of pods
// change nothing that decides about packets.
import { isDeepStrictEqual } from 'node:util'
import type { Problem } from '../cluster/change.ts'
import type { Change } from '../source.ts'
import type { Reading } from './resource.ts'

export interface Update {
  readonly changes: readonly Change[]
  /** All problems of each object whose problems have changed; empty: it has none any more. */
  readonly problems: readonly (readonly [object: string, problems: readonly Problem[]])[]
}

type Key = Change['key']

const NOTHING: Update = { changes: [], problems: [] }

export class ObjectStore {
  readonly #objects = new Map<Key, Change>()
  readonly #problems = new Map<Key, readonly Problem[]>()

  get size(): number {
    return this.#objects.size
  }

  /** Of all that the sink has heard of: an object of which nothing could be used may still have problems. */
  keys(): Key[] {
    const unusable = [...this.#problems.keys()].filter((key) => !this.#objects.has(key))
    return [...this.#objects.keys(), ...unusable]
  }

  /** Everything, as one update. */
  all(): Update {
    return { changes: [...this.#objects.values()], problems: [...this.#problems.values()].map(named) }
  }

  /** Whether the sink knows an object as it is read here. */
  has({ change, problems }: Reading): boolean {
    if (change === undefined) return problems.length === 0
    const isSame = isDeepStrictEqual(this.#objects.get(change.key)?.now, change.now)
    return isSame && isDeepStrictEqual(this.#problems.get(change.key) ?? [], problems)
  }

  /** Takes an object over. @returns what is new about it */
  apply({ change, problems }: Reading): Update {
    if (change === undefined) return { changes: [], problems: problems.length === 0 ? [] : [named(problems)] }
    const before = this.#objects.get(change.key)
    const isSame = isDeepStrictEqual(before?.now, change.now)
    if (change.now === undefined) this.#objects.delete(change.key)
    else if (!isSame) this.#objects.set(change.key, change)
    return { changes: isSame ? [] : [change], problems: this.#applyProblems(change.key, problems) }
  }

  /** An object is gone; it is read as it was last. */
  remove({ change }: Reading): Update {
    return change === undefined ? NOTHING : this.forget(change.key)
  }

  forget(key: Key): Update {
    const before = this.#objects.get(key)
    if (before !== undefined) return this.apply({ change: { ...before, now: undefined }, problems: [] })
    return { changes: [], problems: this.#applyProblems(key, []) }
  }

  #applyProblems(key: Key, now: readonly Problem[]): Update['problems'] {
    const before = this.#problems.get(key) ?? []
    if (isDeepStrictEqual(before, now)) return []
    if (now.length > 0) this.#problems.set(key, now)
    else this.#problems.delete(key)
    const object = [...now, ...before][0]?.object ?? ''
    return [[object, now]]
  }
}

/** Several updates as one. */
export function joined(updates: readonly Update[]): Update {
  return { changes: updates.flatMap(({ changes }) => changes), problems: updates.flatMap(({ problems }) => problems) }
}

function named(problems: readonly Problem[]): readonly [string, readonly Problem[]] {
  return [problems[0]?.object ?? '', problems]
}
