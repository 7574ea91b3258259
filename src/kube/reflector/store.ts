// What a resource's objects are, as far as the sink has been told. Only real differences come out of it: most events of pods
// change nothing that decides about packets.
import { isDeepStrictEqual } from 'node:util'
import type { Problem } from '../../cluster/change.ts'
import type { Change } from '../../source.ts'
import type { Reading } from './resource.ts'

export interface Update {
  readonly changes: readonly Change[]
  /** All problems of each object whose problems have changed; empty: it has none any more. */
  readonly problems: readonly (readonly [object: string, problems: readonly Problem[]])[]
}

type Key = Change['key']

export const NOTHING: Update = { changes: [], problems: [] }

export class ObjectStore {
  readonly #kind: Change['kind']
  /** By key; no more than that is kept of each, since there may be 150,000. */
  readonly #objects = new Map<Key, Change['now']>()
  readonly #problems = new Map<Key, readonly Problem[]>()

  constructor(kind: Change['kind']) {
    this.#kind = kind
  }

  get size(): number {
    return this.#objects.size
  }

  /** Of all that the sink has heard of: an object of which nothing could be used may still have problems. */
  *keys(): Iterable<Key> {
    yield* this.#objects.keys()
    for (const key of this.#problems.keys()) if (!this.#objects.has(key)) yield key
  }

  /** Whether the sink knows an object as it is read here. */
  has({ change, problems }: Reading): boolean {
    if (change === undefined) return problems.length === 0
    const isSame = isDeepStrictEqual(this.#objects.get(change.key), change.now)
    return isSame && isDeepStrictEqual(this.#problems.get(change.key) ?? [], problems)
  }

  /** Takes an object over. @returns what is new about it */
  put({ change, problems }: Reading): Update {
    if (change === undefined) return { changes: [], problems: problems.length === 0 ? [] : [named(problems)] }
    const isSame = isDeepStrictEqual(this.#objects.get(change.key), change.now)
    if (change.now === undefined) this.#objects.delete(change.key)
    else if (!isSame) this.#objects.set(change.key, change.now)
    return { changes: isSame ? [] : [change], problems: this.#applyProblems(change.key, problems) }
  }

  /** An object is gone; it is read as it was last. */
  remove({ change }: Reading): Update {
    return change === undefined ? NOTHING : this.forget(change.key)
  }

  forget(key: Key): Update {
    const wasKnown = this.#objects.delete(key)
    const gone = { kind: this.#kind, key, now: undefined } as Change // of the same kind as all that is in here
    return { changes: wasKnown ? [gone] : [], problems: this.#applyProblems(key, []) }
  }

  /** Forgets everything. @returns what is gone */
  clear(): Update {
    const updates = [...this.keys()].map((key) => this.forget(key))
    return { changes: updates.flatMap(({ changes }) => changes), problems: updates.flatMap(({ problems }) => problems) }
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

function named(problems: readonly Problem[]): readonly [string, readonly Problem[]] {
  return [problems[0]?.object ?? '', problems]
}
