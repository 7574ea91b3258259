// All manifest files of a folder together: what they say as one, and what each edit changes of that.
import { isDeepStrictEqual } from 'node:util'
import type { Problem } from '../cluster/change.ts'
import type { Change } from '../source.ts'
import { type Manifest, type ManifestObject, duplicateProblem } from './manifest.ts'

export interface UnionUpdate {
  readonly changes: readonly Change[]
  /** All problems of each object whose problems have changed; empty if it has none any more. */
  readonly problems: ReadonlyMap<string, readonly Problem[]>
}

/** If several files have an object, the first in name order wins. */
export class ManifestUnion {
  readonly #files = new Map<string, Manifest>()
  /** Files that have an object, in name order. */
  readonly #holders = new Map<string, string[]>()
  /** Objects that several files have. */
  readonly #contested = new Set<string>()
  readonly #delivered = new Map<string, Change>()
  #deliveredProblems: ReadonlyMap<string, readonly Problem[]> = new Map()
  readonly #touched = new Set<string>()

  files(): Iterable<string> {
    return this.#files.keys()
  }

  /** A file is now so (undefined: it is gone). */
  put(file: string, manifest: Manifest | undefined): void {
    const before = this.#files.get(file)?.objects.keys() ?? []
    const after = manifest?.objects.keys() ?? []
    for (const id of before) this.#hold(id, this.#holdersOf(id).filter((holder) => holder !== file))
    for (const id of after) this.#hold(id, [...this.#holdersOf(id), file].sort())
    if (manifest === undefined) this.#files.delete(file)
    else this.#files.set(file, manifest)
  }

  /** What has changed since the last call. */
  update(): UnionUpdate {
    const changes = [...this.#touched].flatMap((id) => this.#changeOf(id))
    this.#touched.clear()
    return { changes, problems: this.#changedProblems() }
  }

  #holdersOf(id: string): readonly string[] {
    return this.#holders.get(id) ?? []
  }

  #hold(id: string, holders: string[]): void {
    if (holders.length === 0) this.#holders.delete(id)
    else this.#holders.set(id, holders)
    if (holders.length > 1) this.#contested.add(id)
    else this.#contested.delete(id)
    this.#touched.add(id)
  }

  #objectIn(file: string | undefined, id: string): ManifestObject | undefined {
    return file === undefined ? undefined : this.#files.get(file)?.objects.get(id)
  }

  /** The change of an object that may have changed, if it has. */
  #changeOf(id: string): Change[] {
    const before = this.#delivered.get(id)
    const after = this.#objectIn(this.#holdersOf(id)[0], id)?.change
    if (isDeepStrictEqual(before?.now, after?.now)) return []
    if (after?.now !== undefined) {
      this.#delivered.set(id, after)
      return [after]
    }
    this.#delivered.delete(id)
    return before === undefined ? [] : [{ ...before, now: undefined }]
  }

  #changedProblems(): ReadonlyMap<string, readonly Problem[]> {
    const before = this.#deliveredProblems
    const now = Map.groupBy(this.#allProblems(), ({ object }) => object)
    this.#deliveredProblems = now
    const changed = new Map<string, readonly Problem[]>()
    for (const object of before.keys()) if (!now.has(object)) changed.set(object, [])
    for (const [object, problems] of now) if (!isDeepStrictEqual(before.get(object), problems)) changed.set(object, problems)
    return changed
  }

  #allProblems(): Problem[] {
    const ofFiles = [...this.#files].flatMap(([file, { errors, problems }]) => {
      return [...errors.map((message): Problem => ({ object: file, field: '', message })), ...problems]
    })
    return [...ofFiles, ...this.#duplicates()]
  }

  #duplicates(): Problem[] {
    return [...this.#contested].flatMap((id) => {
      const [winner, ...losers] = this.#holdersOf(id).map((file) => this.#objectIn(file, id)).filter((object) => object !== undefined)
      return winner === undefined ? [] : losers.map((loser) => duplicateProblem(loser, winner))
    })
  }
}
