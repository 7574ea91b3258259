// Any API object -> the changes it means: by kind, and lists entry by entry.
import type { Problem } from '../cluster/change.ts'
import type { Change } from '../source.ts'
import { isRecord } from '../cluster/fields.ts'
import { readNamespace } from '../cluster/read-namespace.ts'
import { readNode } from '../cluster/read-node.ts'
import { type ChangeReading, readPod } from '../cluster/read-pod.ts'
import { isPolicyKind, readPolicyObject, usualApiVersion } from './policy-objects.ts'

export interface ObjectReading {
  readonly changes: readonly Change[]
  readonly problems: readonly Problem[]
  /** Objects of kinds that say nothing about packets: Deployments, Services, ... */
  readonly ignored: number
}

const NOTHING: ObjectReading = { changes: [], problems: [], ignored: 0 }
const IGNORED: ObjectReading = { ...NOTHING, ignored: 1 }
/** Kinds of lists, and the kind that their entries need not repeat (none: each says its own). */
const LISTS: ReadonlyMap<string, string> = new Map([
  ['List', ''],
  ['PodList', 'Pod'],
  ['NamespaceList', 'Namespace'],
  ['NodeList', 'Node'],
  ['NetworkPolicyList', 'NetworkPolicy'],
  ['ClusterNetworkPolicyList', 'ClusterNetworkPolicy'],
])
/** A list in a list is legal YAML, and no API server ever sends one. */
const MAX_DEPTH = 4

/** Reads a Pod, Namespace, Node, policy, or a List (PodList, ...) of these. Other kinds are counted and left alone. */
export function readObject(object: unknown, depth = 0): ObjectReading {
  if (!isRecord(object)) return problem('', 'must be an object with a kind: it is ignored')
  const { kind } = object
  if (typeof kind !== 'string' || kind === '') return problem('kind', 'missing: the object is ignored')
  const listed = LISTS.get(kind)
  if (listed !== undefined) return readList(object, listed, depth)
  return readKind(kind, object)
}

function readKind(kind: string, object: Record<string, unknown>): ObjectReading {
  switch (kind) {
    case 'Pod':
      return readingOf(readPod(object))
    case 'Namespace':
      return readingOf(readNamespace(object))
    case 'Node':
      return readingOf(readNode(object))
    case 'NetworkPolicy':
    case 'ClusterNetworkPolicy':
      return readingOf(readPolicyObject(kind, object))
    default:
      return IGNORED
  }
}

function readList(list: Record<string, unknown>, kind: string, depth: number): ObjectReading {
  const entries = list['items'] ?? []
  if (!Array.isArray(entries)) return problem('items', 'must be a list: nothing of it is enforced')
  if (depth === MAX_DEPTH) return problem('items', `lists nested more than ${MAX_DEPTH} deep: nothing of it is enforced`)
  const stated = { apiVersion: list['apiVersion'], kind }
  return joined(entries.map((entry: unknown) => readObject(withKind(entry, stated), depth + 1)))
}

/** Entries of a list need not repeat what it says of them. */
function withKind(entry: unknown, { apiVersion, kind }: { readonly apiVersion: unknown; readonly kind: string }): unknown {
  if (!isRecord(entry) || kind === '' || entry['kind'] !== undefined) return entry
  return isPolicyKind(kind) ? { apiVersion: apiVersion ?? usualApiVersion(kind), kind, ...entry } : { kind, ...entry }
}

function readingOf({ change, problems }: ChangeReading<Change>): ObjectReading {
  return { changes: change === undefined ? [] : [change], problems, ignored: 0 }
}

function problem(field: string, message: string): ObjectReading {
  return { ...NOTHING, problems: [{ object: '', field, message }] }
}

function joined(readings: readonly ObjectReading[]): ObjectReading {
  return {
    changes: readings.flatMap(({ changes }) => changes),
    problems: readings.flatMap(({ problems }) => problems),
    ignored: readings.reduce((sum, { ignored }) => sum + ignored, 0),
  }
}
