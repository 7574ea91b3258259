// Watch events: a line of JSON -> what it says, and nothing kept of the object itself.
import { quote } from '../../cluster/fields.ts'
import { VethguardError } from '../../base/errors.ts'
import { type Fields, Pruner } from './prune.ts'
import type { Reading, Resource } from './resource.ts'
import { apiError } from './status.ts'

export type EventType = 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'

export interface WatchEvent {
  readonly type: EventType
  /** metadata.resourceVersion: where a watch can go on after this event. */
  readonly version: string
  /** Of an object; undefined for a bookmark. A deleted one is read as it was last. */
  readonly reading: Reading | undefined
  /** The bookmark after the last of the initial events (KEP-3157). */
  readonly endsInitial: boolean
}

interface Metadata {
  readonly resourceVersion?: unknown
  readonly annotations?: Readonly<Record<string, unknown>> | null
}

const INITIAL_END = 'k8s.io/initial-events-end'
const STATUS_FIELDS = { code: true, reason: true, message: true, details: true } as const

/** Leaves what is wanted of the events of a resource, also of bookmarks and errors; undefined: every field is wanted. */
export function eventPruner({ fields }: Resource): Pruner | undefined {
  if (fields === undefined) return undefined
  const metadata = { ...(fields['metadata'] as Fields), resourceVersion: true, annotations: { [INITIAL_END]: true } } as const
  return new Pruner({ type: true, object: { ...fields, ...STATUS_FIELDS, metadata } })
}

/** @throws ApiServerError for an ERROR event; VethguardError SOURCE_UNREADABLE if the line is no event */
export function readEvent(line: Buffer, resource: Resource, pruner: Pruner | undefined): WatchEvent {
  const { type, object } = parse(pruner?.prune(line) ?? line.toString('utf8'))
  const { resourceVersion, annotations } = metadataOf(object)
  const version = typeof resourceVersion === 'string' ? resourceVersion : ''
  switch (type) {
    case 'ERROR':
      throw apiError(object)
    case 'BOOKMARK':
      return { type, version, reading: undefined, endsInitial: annotations?.[INITIAL_END] === 'true' }
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      return { type, version, reading: resource.read(object), endsInitial: false }
    default:
      throw malformed(`the API server sent an event of type ${quote(type)}`)
  }
}

/** Not an event, or not a whole one. */
export function malformed(message: string, options?: ErrorOptions): VethguardError {
  return new VethguardError('SOURCE_UNREADABLE', message, options)
}

function parse(line: string): { type?: unknown; object?: unknown } {
  try {
    return Object(JSON.parse(line)) as { type?: unknown; object?: unknown }
  } catch (cause) {
    throw malformed('the API server sent a line that is no JSON', { cause })
  }
}

function metadataOf(object: unknown): Metadata {
  return (object as { metadata?: Metadata | null } | null | undefined)?.metadata ?? {}
}
