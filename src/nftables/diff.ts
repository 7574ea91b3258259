// Deltas between contents: made, applied, and asked whether there is one.
import type { Content, CounterName, Delta, Key, SetDelta, Value } from './content.ts'
import { SET_NAMES, type SetName } from './schema.ts'

type Elements = ReadonlyMap<Key, Value>

const NO_ELEMENTS: Elements = new Map()

export function emptyContent(): Content {
  return { sets: new Map(), counters: new Set() }
}

/** What turns `from` into `to`. Sets without a change are left out; a missing set is an empty one. */
export function diff(from: Content, to: Content): Delta {
  const sets = new Map<SetName, SetDelta>()
  for (const name of SET_NAMES) {
    const before = from.sets.get(name) ?? NO_ELEMENTS
    const after = to.sets.get(name) ?? NO_ELEMENTS
    const deleted = missing(before, after)
    const added = missing(after, before)
    if (deleted.size + added.size > 0) sets.set(name, { deleted, added })
  }
  return { sets, counters: { added: difference(to.counters, from.counters), deleted: difference(from.counters, to.counters) } }
}

/** @returns a new content; those given stay as they are */
export function applyDelta(delta: Delta, content: Content): Content {
  const sets = new Map(content.sets)
  for (const [name, { deleted, added }] of delta.sets) {
    const elements = new Map(sets.get(name))
    for (const key of deleted.keys()) elements.delete(key)
    for (const [key, value] of added) elements.set(key, value)
    sets.set(name, elements)
  }
  return { sets, counters: new Set([...difference(content.counters, delta.counters.deleted), ...delta.counters.added]) }
}

/** Of deltas that touch different sets, of which only the first may have counters. */
export function union(a: Delta | undefined, b: Delta | undefined): Delta | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return { sets: new Map([...a.sets, ...b.sets]), counters: a.counters }
}

export function isEmptyDelta({ sets, counters }: Delta): boolean {
  const unchanged = [...sets.values()].every(({ deleted, added }) => deleted.size + added.size === 0)
  return unchanged && counters.added.size + counters.deleted.size === 0
}

function difference(all: ReadonlySet<CounterName>, without: ReadonlySet<CounterName>): Set<CounterName> {
  return new Set([...all].filter((name) => !without.has(name)))
}

/** The elements of `all` that `others` does not have with the same value. */
function missing(all: Elements, others: Elements): Map<Key, Value> {
  const result = new Map<Key, Value>()
  for (const [key, value] of all) {
    if (others.get(key) !== value) result.set(key, value)
  }
  return result
}
