// One manifest file as a value: the objects in it, each with its place, and what is wrong with it.
import type { Problem } from '../cluster/change.ts'
import { policyName } from '../cluster/objects.ts'
import type { Change } from '../source.ts'
import { readObject } from './objects.ts'
import { parseManifest } from './parse.ts'

export interface ManifestObject {
  readonly change: Change
  /** `file#document`. */
  readonly position: string
}

export interface Manifest {
  /** By `kind key`. */
  readonly objects: ReadonlyMap<string, ManifestObject>
  /** Of objects; `object` names each with its position. */
  readonly problems: readonly Problem[]
  /** Why the file, or part of it, could not be read at all: it may be half-written. */
  readonly errors: readonly string[]
}

/** A file that could not be opened, or has no content that could be used. */
export function unreadableManifest(error: string): Manifest {
  return { objects: new Map(), problems: [], errors: [error] }
}

/** Reads the content of a manifest file. `file` is its name below the folder. */
export function readManifest(file: string, content: string): Manifest {
  const { documents, errors } = parseManifest(file, content)
  const objects = new Map<string, ManifestObject>()
  const problems: Problem[] = []
  for (const { number, value } of documents) {
    const position = `${file}#${number}`
    const reading = readObject(value)
    for (const problem of reading.problems) problems.push({ ...problem, object: placed(problem.object, position) })
    for (const change of reading.changes) {
      const first = objects.get(objectId(change))
      if (first === undefined) objects.set(objectId(change), { change, position })
      else problems.push(duplicateProblem({ change, position }, first))
    }
  }
  return { objects, problems, errors }
}

export function objectId({ kind, key }: Change): string {
  return `${kind} ${key}`
}

/** Says that an object is ignored because an earlier file or document has it too. */
export function duplicateProblem({ change, position }: ManifestObject, first: ManifestObject): Problem {
  const message = `is already in ${first.position}, which comes first: this one is ignored`
  const isPolicy = change.kind === 'policy' || change.kind === 'cluster-policy'
  const of = isPolicy ? { policy: change.key } : {} // a second pod, namespace or node changes nothing about the first
  const name = isPolicy ? policyName(change.key) : change.key
  return { object: placed(`${KIND_NAMES[change.kind]} ${name}`, position), field: '', message, ...of }
}

const KIND_NAMES = {
  pod: 'Pod', namespace: 'Namespace', node: 'Node', policy: 'NetworkPolicy', 'cluster-policy': 'ClusterNetworkPolicy',
} as const

function placed(object: string, position: string): string {
  return object === '' ? position : `${object} (${position})`
}
