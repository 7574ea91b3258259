// `namespaces: …` and `pods: …` of a ClusterNetworkPolicy: the pods it applies to, and peers of the same shape.
import { type Place, field, hasOnly, isMissing, isObject, report } from '../cluster/fields.ts'
import { onlyField } from './crd-fields.ts'
import { readSelector } from './read-selector.ts'
import { EVERYTHING } from './selector.ts'
import type { Selector, Subject } from './types.ts'

const PODS_FIELDS = new Set(['namespaceSelector', 'podSelector'])
export const EVERY_POD: Subject = { namespaces: EVERYTHING, pods: EVERYTHING }

export interface SubjectReading {
  /** A selector that could not be read selects everything here. */
  readonly subject: Subject
  /** Everything could be read. */
  readonly isWhole: boolean
}

/** Reads spec.subject; one that is missing or not understood selects every pod. */
export function readSubject(place: Place): SubjectReading {
  const kind = onlyField(place, ['namespaces', 'pods'])
  if (kind === null) return { subject: EVERY_POD, isWhole: false }
  return kind === 'namespaces' ? readNamespaces(field(place, kind)) : readPods(field(place, kind))
}

/** Reads the value of `namespaces`: every pod of the namespaces that a selector matches. */
export function readNamespaces(place: Place): SubjectReading {
  return readingOf(readSelector(place), EVERYTHING)
}

/** Reads the value of `pods`; without a namespaceSelector it is about pods of all namespaces. */
export function readPods(place: Place): SubjectReading {
  if (!isObject(place) || !hasOnly(place, PODS_FIELDS)) return { subject: EVERY_POD, isWhole: false }
  const namespaces = field(place, 'namespaceSelector')
  const pods = field(place, 'podSelector')
  const byNamespace = isMissing(namespaces) ? EVERYTHING : readSelector(namespaces)
  return readingOf(byNamespace, isMissing(pods) ? report(pods, 'missing') : readSelector(pods))
}

function readingOf(namespaces: Selector | null, pods: Selector | null): SubjectReading {
  return {
    subject: { namespaces: namespaces ?? EVERYTHING, pods: pods ?? EVERYTHING },
    isWhole: namespaces !== null && pods !== null,
  }
}
