// core/v1 Namespace -> its labels, which is all that policies ask of it.
import type { NamespaceChange, Problem } from './change.ts'
import { field, isObject, quote, report, rootPlace } from './fields.ts'
import { isDnsLabel } from './identity.ts'
import { type ChangeReading, readLabels } from './read-pod.ts'

const UNKNOWN = 'the namespace counts as unknown, and selectors of namespaces do not match it'
/** Set by the API server on every namespace; manifests need not say it. */
const NAME_LABEL = 'kubernetes.io/metadata.name'

/**
 * Reads a Namespace. If its labels cannot be read it is as if it were gone: its pods match no selector of namespaces but `{}`.
 * @param object as parsed from JSON or YAML
 */
export function readNamespace(object: unknown): ChangeReading<NamespaceChange> {
  const root = rootPlace(object, UNKNOWN)
  const name = isObject(root) ? field(field(root, 'metadata'), 'name') : root
  const problems = (of: string): Problem[] => root.findings.map((finding) => ({ object: of, ...finding }))
  if (typeof name.value !== 'string' || !isDnsLabel(name.value)) {
    if (name !== root) report(name, `${quote(name.value)} is no name of a namespace`)
    return { change: undefined, problems: problems('Namespace') }
  }
  const labels = readLabels(field(field(root, 'metadata'), 'labels'))
  const now = labels === null ? undefined : { name: name.value, labels: { ...labels, [NAME_LABEL]: name.value } }
  return { change: { kind: 'namespace', key: name.value, now }, problems: problems(`Namespace ${name.value}`) }
}
