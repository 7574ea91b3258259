// Reading API objects field by field. JSON says nothing about types, so every reader here checks, and reports what is wrong
// together with the consequence for enforcement. In objects null is the same as missing, as in Kubernetes; as the result of
// a reader, null says: wrong, and reported.
import type { Problem } from './change.ts'

/** What is wrong at one field of one object. */
export type Finding = Omit<Problem, 'object'>

/** A place in an API object: what stands there, the way to it, and what it costs if it cannot be read. */
export interface Place {
  readonly value: unknown
  readonly parent: Place | undefined
  /** Field name, or `[3]` in a list; empty for the object itself. */
  readonly step: string
  /** What follows from an error here, such as 'this rule allows nothing'. */
  readonly consequence: string
  /** Shared by all places of an object. */
  readonly findings: Finding[]
}

export function rootPlace(value: unknown, consequence: string): Place {
  return { value, parent: undefined, step: '', consequence, findings: [] }
}

/** A field of an object; missing if this place holds no object. */
export function field(place: Place, name: string, consequence = place.consequence): Place {
  const value = isRecord(place.value) && Object.hasOwn(place.value, name) ? place.value[name] : undefined
  return { value, parent: place, step: name, consequence, findings: place.findings }
}

/** Notes an error, with its consequence. Returns null, so that readers can end with it. */
export function report(place: Place, message: string, consequence = place.consequence): null {
  place.findings.push({ field: pathOf(place), message: `${message}: ${consequence}` })
  return null
}

export function isMissing(place: Place): boolean {
  return place.value === undefined || place.value === null
}

/** The entries of a list; null (reported) if it is none. A missing list has no entries. */
export function items(place: Place, consequence = place.consequence): Place[] | null {
  if (isMissing(place)) return []
  if (!Array.isArray(place.value)) return report(place, `must be a list, not ${describe(place.value)}`)
  return place.value.map((value: unknown, index) => ({
    value,
    parent: place,
    step: `[${index}]`,
    consequence,
    findings: place.findings,
  }))
}

/** The fields of an object with values that are strings; null (reported) otherwise. A missing one has no fields. */
export function textFields(place: Place): [string, string][] | null {
  if (isMissing(place)) return []
  if (!isObject(place)) return null
  const entries = Object.entries(place.value as Record<string, unknown>)
  const wrong = entries.filter(([, value]) => typeof value !== 'string')
  for (const [name, value] of wrong) report(field(place, name), `must be a string, not ${describe(value)}`)
  return wrong.length === 0 ? (entries as [string, string][]) : null
}

/** A string; undefined if missing, null (reported) if something else. */
export function text(place: Place): string | null | undefined {
  if (isMissing(place)) return undefined
  return typeof place.value === 'string' ? place.value : report(place, `must be a string, not ${describe(place.value)}`)
}

/** Whether the place holds an object; reports otherwise. */
export function isObject(place: Place): boolean {
  if (isRecord(place.value)) return true
  report(place, `must be an object, not ${describe(place.value)}`)
  return false
}

/** Whether an object has only these fields; reports each other one, since a field not understood may be a misspelt one. */
export function hasOnly(place: Place, known: ReadonlySet<string>): boolean {
  if (!isRecord(place.value)) return true
  const unknown = Object.keys(place.value).filter((name) => !known.has(name))
  for (const name of unknown) report(field(place, name), 'unknown field')
  return unknown.length === 0
}

/** A value as it is shown in a message: quoted, and not too long. */
export function quote(value: unknown): string {
  const shown = value === undefined ? 'nothing' : JSON.stringify(value)
  return shown.length > 80 ? `${shown.slice(0, 77)}...` : shown
}

function describe(value: unknown): string {
  if (value === undefined) return 'missing'
  if (Array.isArray(value)) return 'a list'
  return isRecord(value) ? 'an object' : quote(value)
}

function pathOf(place: Place): string {
  const above = place.parent === undefined ? '' : pathOf(place.parent)
  return above === '' || place.step.startsWith('[') ? above + place.step : `${above}.${place.step}`
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
