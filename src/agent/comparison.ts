// Does the kernel have what is wanted, element by element? First a look at everything, which takes its time and may be wrong about
// what changes meanwhile; then a second one, at once, at what looked wrong.
import type { KernelReader } from '../nftables/backend.ts'
import type { CounterName, Delta, Key, SetDelta, Value } from '../nftables/content.ts'
import { SET_NAMES, type SetName } from '../nftables/schema.ts'
import { inTurns, type Steps } from '../base/steps.ts'

/** If so many elements of a set look wrong, the tables are recreated: a second look at each would block the event loop. */
const MANY = 1000
/** Elements of what is wanted that are looked at in one step. */
const STEP = 2000

type Elements = ReadonlyMap<Key, Value>

/** Keys that look wrong, by set. 'missing': there is no such set. */
export type Suspects = ReadonlyMap<SetName, ReadonlySet<Key> | 'missing'>

/** What the kernel should have of a set; a live view. Asked for each element. */
export type Wanted = (set: SetName) => Elements

/** What repairs it: a delta, or new tables. */
export type Remedy = Delta | 'everything'

/**
 * The first look.
 * @throws NetlinkError, VethguardError
 */
export async function suspectsIn(reader: KernelReader, wanted: Wanted): Promise<Suspects> {
  const suspects = new Map<SetName, ReadonlySet<Key> | 'missing'>()
  for (const set of SET_NAMES) {
    const found = await suspectsOf(reader, set, wanted)
    if (found === 'missing' || found.size > 0) suspects.set(set, found)
  }
  return suspects
}

/** Whether the second look leaves some out: the kernel rearranges a set that has grown, and tells less of it meanwhile. */
export function isBlurred(suspects: Suspects): boolean {
  return [...suspects.values()].some((keys) => keys !== 'missing' && keys.size > MANY)
}

/**
 * The second look, while nothing is being committed.
 * @returns undefined: nothing is wrong
 */
export function remedyFor(suspects: Suspects, reader: KernelReader, wanted: Wanted): Remedy | undefined {
  const sets = new Map<SetName, SetDelta>()
  for (const [set, keys] of suspects) {
    if (keys === 'missing') return 'everything'
    const delta = difference(firstOf(keys), reader, set, wanted(set))
    if (delta !== undefined && keys.size > MANY) return 'everything'
    if (delta !== undefined) sets.set(set, delta)
  }
  return sets.size === 0 ? undefined : { sets, counters: { added: new Set<CounterName>(), deleted: new Set<CounterName>() } }
}

async function suspectsOf(reader: KernelReader, set: SetName, wanted: Wanted): Promise<ReadonlySet<Key> | 'missing'> {
  const unseen = await inTurns(keysOf(wanted(set)))
  const suspects = new Set<Key>()
  const exists = await reader.eachElement(set, (key, value) => {
    unseen.delete(key)
    if (wanted(set).get(key) !== value) suspects.add(key)
  })
  if (!exists) return 'missing'
  await inTurns(missing(unseen, wanted(set), suspects))
  return suspects
}

/** Keys that we have already: those that the kernel tells, a hundred thousand perhaps, are not to stay in memory beside them. */
function* keysOf(wanted: Elements): Steps<Set<Key>> {
  const keys = new Set<Key>()
  for (const key of wanted.keys()) if (keys.add(key).size % STEP === 0) yield
  return keys
}

/** Adds what was not seen and is still wanted. */
function* missing(unseen: ReadonlySet<Key>, wanted: Elements, suspects: Set<Key>): Steps<void> {
  let count = 0
  for (const key of unseen) {
    if (wanted.has(key)) suspects.add(key)
    if (++count % STEP === 0) yield
  }
}

function firstOf(keys: ReadonlySet<Key>): ReadonlySet<Key> {
  return keys.size <= MANY ? keys : new Set([...keys].slice(0, MANY))
}

/** @returns undefined if all these are as wanted */
function difference(keys: ReadonlySet<Key>, reader: KernelReader, set: SetName, wanted: Elements): SetDelta | undefined {
  const there = reader.elementsNow(set, keys)
  const deleted = new Map<Key, Value>()
  const added = new Map<Key, Value>()
  for (const key of keys) {
    const [is, should] = [there.get(key), wanted.get(key)]
    if (is === should) continue
    if (is !== undefined) deleted.set(key, is)
    if (should !== undefined) added.set(key, should)
  }
  return deleted.size + added.size === 0 ? undefined : { deleted, added }
}
