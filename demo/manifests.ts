// The folder of manifests that the demo's agent follows: a copy of examples/, what it says, and edits in it.
import { cpSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Change } from '../src/source.ts'
import type { Namespace, Pod } from '../src/cluster/objects.ts'
import { FolderSource } from '../src/manifests/folder.ts'
import type { ClusterPolicy, Policy } from '../src/policy/types.ts'

export const EXAMPLES = join(import.meta.dirname, '..', 'examples')
/** Folders of it. */
const [POLICIES, CLUSTER_POLICIES] = ['policies', 'cluster-policies']
export const CLUSTER_EXAMPLES = join(EXAMPLES, CLUSTER_POLICIES)

export interface Cluster {
  /** By address, which is their order in the lab. */
  readonly pods: readonly Pod[]
  readonly namespaces: readonly Namespace[]
  readonly policies: readonly Policy[]
  readonly clusterPolicies: readonly ClusterPolicy[]
  /** All of it, as the agent is told. */
  readonly changes: readonly Change[]
}

/** A passage in a file of the folder that is to be another. */
export interface Edit {
  readonly file: string
  readonly from: string
  readonly to: string
}

/** All but the ClusterNetworkPolicies. */
export function copyExamples(folder: string): void {
  cpSync(EXAMPLES, folder, { recursive: true, filter: (path) => path !== CLUSTER_EXAMPLES })
}

/** Puts the ClusterNetworkPolicies of examples/ into the folder, in one step. */
export function addClusterPolicies(folder: string): void {
  const beside = `${folder}-${CLUSTER_POLICIES}`
  cpSync(CLUSTER_EXAMPLES, beside, { recursive: true })
  renameSync(beside, join(folder, CLUSTER_POLICIES))
}

export function removeClusterPolicies(folder: string): void {
  rmSync(join(folder, CLUSTER_POLICIES), { recursive: true })
}

/** Takes NetworkPolicies out of the files of the folder. @param isGone whether a document is to go */
export function removePolicies(folder: string, isGone: (document: string) => boolean): void {
  for (const file of readdirSync(join(folder, POLICIES))) {
    const path = join(folder, POLICIES, file)
    const documents = readFileSync(path, 'utf8').split(/^---\n/m)
    replaceFile(path, documents.filter((document) => !isGone(document)).join('---\n'))()
  }
}

/** Makes all NetworkPolicies those of examples/ again. */
export function restorePolicies(folder: string): void {
  for (const file of readdirSync(join(EXAMPLES, POLICIES))) {
    replaceFile(join(folder, POLICIES, file), readFileSync(join(EXAMPLES, POLICIES, file), 'utf8'))()
  }
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
    clusterPolicies: changes.flatMap((change) => (change.kind === 'cluster-policy' ? change.now ?? [] : [])),
    changes,
  }
}

/** @returns the edit, to be made in one step */
export function prepareEdit(folder: string, { file, from, to }: Edit): () => void {
  const path = join(folder, file)
  const content = readFileSync(path, 'utf8')
  if (content.split(from).length !== 2) throw new Error(`${path} must have "${from}" once`)
  return replaceFile(path, content.replace(from, to))
}

/** As editors and `sed -i` do: the new content beside the file, to be moved over it in one step. @returns that step */
function replaceFile(path: string, content: string): () => void {
  const beside = `${path}.new`
  writeFileSync(beside, content)
  return () => renameSync(beside, path)
}

export function reverse({ file, from, to }: Edit): Edit {
  return { file, from: to, to: from }
}
