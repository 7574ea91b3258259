// Shapes that recur in the schema of ClusterNetworkPolicy: objects with exactly one field, and lists of at most 25 entries.
import { type Place, field, hasOnly, isMissing, isObject, items, report } from '../cluster/fields.ts'

/** Rules of a direction, peers and protocols of a rule, networks of a peer. */
const LONGEST_LIST = 25

/** Returns the name of an object's only field; null (reported) if it has none, several, or one that is not among `names`. */
export function onlyField<Name extends string>(place: Place, names: readonly Name[]): Name | null {
  if (!isObject(place) || !hasOnly(place, new Set(names))) return null
  const [name, ...others] = names.filter((each) => !isMissing(field(place, each)))
  if (name === undefined) {
    return report(place, `has none of ${names.join(', ')} (the API server removes fields that the installed CRD does not define)`)
  }
  return others.length === 0 ? name : report(place, `has ${[name, ...others].join(' and ')}, of which only one is allowed`)
}

/** Returns the entries of a list that may be missing; null (reported) if it is not a list, or too long. */
export function shortList(place: Place, consequence = place.consequence): Place[] | null {
  const entries = items(place, consequence)
  if (entries === null || entries.length <= LONGEST_LIST) return entries
  return report(place, `${entries.length} entries are more than the ${LONGEST_LIST} that are allowed`)
}

/** Returns the entries of a list that needs at least one; null (reported) if it has none, is not a list, or too long. */
export function filledList(place: Place, consequence = place.consequence): Place[] | null {
  const entries = shortList(place, consequence)
  return entries?.length === 0 ? report(place, isMissing(place) ? 'missing' : 'has no entries') : entries
}
