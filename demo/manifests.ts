// The folder of manifests that the demo's agent follows: a copy of examples/, what it says, and edits in it.
import { cpSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Change } from '../src/source.ts'
import type { Namespace, Pod } from '../src/cluster/objects.ts'
import { FolderSource } from '../src/manifests/folder.ts'
import type { Policy } from '../src/policy/types.ts'

export const EXAMPLES = join(import.meta.dirname, '..', 'examples')

export interface Cluster {
  /** By address, which is their order in the lab. */
  readonly pods: readonly Pod[]
  readonly namespaces: readonly Namespace[]
  readonly policies: readonly Policy[]
}

/** A passage in a file of the folder that is to be another. */
export interface Edit {
  readonly file: string
  readonly from: string
  readonly to: string
}

export function copyExamples(folder: string): void {
  cpSync(EXAMPLES, folder, { recursive: true })
}

/** What the folder says now. @throws Error when there is anything wrong with it */
export async function readCluster(folder: string): Promise<Cluster> {
  const changes: Change[] = []
  const wrong: string[] = []
  const source = new FolderSource(folder)
  await source.start({
    changes: (batch) => changes.push(...batch),
    problems: (object, problems) => wrong.push(...problems.map(({ field, message }) => `${object}: ${field} ${message}`)),
  })
  await source.close()
  if (wrong.length > 0) throw new Error(`the examples are not sound:\n${wrong.join('\n')}`)
  const pods = changes.flatMap((change) => (change.kind === 'pod' ? change.now ?? [] : []))
  return {
    pods: pods.sort((a, b) => ((a.addresses[0] ?? '') < (b.addresses[0] ?? '') ? -1 : 1)),
    namespaces: changes.flatMap((change) => (change.kind === 'namespace' ? change.now ?? [] : [])),
    policies: changes.flatMap((change) => (change.kind === 'policy' ? change.now ?? [] : [])),
  }
}

/** Edits as editors and `sed -i` do: the new content beside the file, to be moved over it in one step. @returns that step */
export function prepareEdit(folder: string, { file, from, to }: Edit): () => void {
  const path = join(folder, file)
  const content = readFileSync(path, 'utf8')
  if (content.split(from).length !== 2) throw new Error(`${path} must have "${from}" once`)
  const beside = `${path}.new`
  writeFileSync(beside, content.replace(from, to))
  return () => renameSync(beside, path)
}

export function reverse({ file, from, to }: Edit): Edit {
  return { file, from: to, to: from }
}
