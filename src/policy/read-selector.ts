// metav1.LabelSelector -> Selector, with the checks of labels.NewRequirement.
import { type Place, field, hasOnly, isMissing, isObject, items, quote, report, text, textFields } from '../cluster/fields.ts'
import { isDnsSubdomain } from '../cluster/identity.ts'
import { selectorOf } from './selector.ts'
import type { Operator, Requirement, Selector } from './types.ts'

const SELECTOR_FIELDS = new Set(['matchLabels', 'matchExpressions'])
const REQUIREMENT_FIELDS = new Set(['key', 'operator', 'values'])
const OPERATORS: ReadonlySet<string> = new Set<Operator>(['In', 'NotIn', 'Exists', 'DoesNotExist'])
const NAME_LIMIT = 63
const NAME = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/

/** A selector that is there. Null (reported) if any part is wrong: half a selector would match too much or too little. */
export function readSelector(place: Place): Selector | null {
  if (!isObject(place)) return null
  const labels = readMatchLabels(field(place, 'matchLabels'))
  const expressions = readMatchExpressions(field(place, 'matchExpressions'))
  const sound = hasOnly(place, SELECTOR_FIELDS)
  return sound && labels !== null && expressions !== null ? selectorOf([...labels, ...expressions]) : null
}

function readMatchLabels(place: Place): Requirement[] | null {
  const labels = textFields(place)
  if (labels === null) return null
  const requirements = labels.map(([key, value]): Requirement | null => {
    const label = field(place, key)
    return checkKey(label, key) && checkValue(label, value) ? { key, operator: 'In', values: [value] } : null
  })
  return allRead(requirements)
}

function readMatchExpressions(place: Place): Requirement[] | null {
  return allRead(items(place)?.map(readRequirement))
}

function readRequirement(place: Place): Requirement | null {
  if (!isObject(place)) return null
  const sound = hasOnly(place, REQUIREMENT_FIELDS)
  const key = readKey(field(place, 'key'))
  const operator = readOperator(field(place, 'operator'))
  const values = readValues(field(place, 'values'))
  if (!sound || key === null || operator === null || values === null) return null
  return checkCount(field(place, 'values'), operator, values.length) ? { key, operator, values } : null
}

function checkCount(place: Place, operator: Operator, count: number): boolean {
  const wantsValues = operator === 'In' || operator === 'NotIn'
  if (wantsValues === count > 0) return true
  report(place, wantsValues ? `${operator} needs at least one value` : `${operator} takes no values`)
  return false
}

function readKey(place: Place): string | null {
  if (isMissing(place)) return report(place, 'missing')
  const key = text(place)
  return typeof key === 'string' && checkKey(place, key) ? key : null
}

function readOperator(place: Place): Operator | null {
  if (typeof place.value === 'string' && OPERATORS.has(place.value)) return place.value as Operator
  return report(place, isMissing(place) ? 'missing' : `${quote(place.value)} is not In, NotIn, Exists or DoesNotExist`)
}

function readValues(place: Place): string[] | null {
  const values = items(place)?.map((entry) => {
    if (typeof entry.value !== 'string') return report(entry, `${quote(entry.value)} must be a string; use quotes`)
    return checkValue(entry, entry.value) ? entry.value : null
  })
  return allRead(values)
}

/** The list, if none of its entries is wrong. */
function allRead<Item>(list: readonly (Item | null)[] | undefined): Item[] | null {
  if (list === undefined) return null
  const read = list.filter((item) => item !== null)
  return read.length === list.length ? read : null
}

/** Label keys are `name` or `dns.subdomain/name` (validation.IsQualifiedName). */
function checkKey(place: Place, key: string): boolean {
  const slash = key.indexOf('/')
  const name = key.slice(slash + 1)
  if (isLabelName(name) && (slash < 0 || isDnsSubdomain(key.slice(0, slash)))) return true
  report(place, `${quote(key)} is no label key`)
  return false
}

/** Label values are names or empty (validation.IsValidLabelValue). */
function checkValue(place: Place, value: string): boolean {
  if (value === '' || isLabelName(value)) return true
  report(place, `${quote(value)} is no label value`)
  return false
}

function isLabelName(name: string): boolean {
  return name.length <= NAME_LIMIT && NAME.test(name)
}
