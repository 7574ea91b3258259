// Content with the numbers of classes, lists and verdicts replaced by what they stand for: equal for equal meanings.
import type { Content, Value } from '../../src/nftables/content.ts'
import { outcomeOf } from '../../src/nftables/numbers.ts'
import { SET_NAMES, type SetName } from '../../src/nftables/schema.ts'

const CLASSES: readonly SetName[] = ['class4', 'class6', 'cidr4', 'cidr6', 'tier_class4', 'tier_class6', 'tier_cidr4', 'tier_cidr6']
const LISTS: readonly SetName[] = ['verdict_ports', 'verdict_ranges', 'verdict_any', 'tier_ports', 'tier_ranges', 'tier_any']
/** From a class and a local address, or from a local address alone, to a list. */
const TO_LIST = /^(in|out)_(pair|default|(admin|baseline)(_default)?)[46]$/
const FROM_CLASS = /^(in|out)_(pair|admin|baseline)[46]$/

/** A sorted text of all elements, numbers resolved. */
export function canonical(content: Content): string[] {
  const counters = content.sets.get('tier_counters')
  const verdict = (value: Value): string => (
    typeof value === 'number' ? `${outcomeOf(value)} ${String(counters?.get(numberBytes(value) as never))}` : String(value)
  )
  const names: Names = {
    lists: namesOf(content, LISTS, (key, value, set) => [`${realmOf(set)}${bytes(key.slice(0, 4))}`, `${withoutNumbers(key)}>${verdict(value)}`]),
    classes: namesOf(content, CLASSES, (key, value, set) => [`${realmOf(set)}${bytes(numberBytes(Number(value)))}`, `${set} ${bytes(key)}`]),
    verdict,
  }
  const lines = SET_NAMES.flatMap((set) => [...(content.sets.get(set) ?? [])].map(([key, value]) => `${set} ${element(set, key, value, names)}`))
  return [...lines, ...[...content.counters].map((name) => `counter ${name}`)].sort()
}

interface Names {
  readonly lists: ReadonlyMap<string, string>
  readonly classes: ReadonlyMap<string, string>
  readonly verdict: (value: Value) => string
}

function element(set: SetName, key: string, value: Value, { lists, classes, verdict }: Names): string {
  const realm = realmOf(set)
  const nameIn = (names: ReadonlyMap<string, string>, id: string): string => names.get(`${realm}${id}`) ?? `dangling ${id}`
  const number = (): string => bytes(numberBytes(Number(value)))
  if (CLASSES.includes(set)) return `${bytes(key)} : ${nameIn(classes, number())}`
  if (LISTS.includes(set)) return `${nameIn(lists, bytes(key.slice(0, 4)))} ${bytes(withoutNumbers(key))} : ${verdict(value)}`
  if (set === 'tier_counters') return String(value)
  if (FROM_CLASS.test(set)) return `${nameIn(classes, bytes(key.slice(0, 4)))} . ${bytes(key.slice(4))} : ${nameIn(lists, number())}`
  return `${bytes(key)} : ${TO_LIST.test(set) ? nameIn(lists, number()) : String(value)}`
}

/** Both kinds of policies have numbers of their own. */
function realmOf(set: SetName): 'network ' | 'tier ' {
  return /tier_|_admin|_baseline/.test(set) ? 'tier ' : 'network '
}

function namesOf(content: Content, sets: readonly SetName[], describe: (key: string, value: Value, set: SetName) => [string, string]) {
  const parts = new Map<string, string[]>()
  for (const set of sets) {
    for (const [key, value] of content.sets.get(set) ?? []) {
      const [id, part] = describe(key, value, set)
      parts.set(id, [...(parts.get(id) ?? []), part])
    }
  }
  return new Map([...parts].map(([id, list]) => [id, `{${list.sort().join(' ')}}`]))
}

/** Takes the leading number out of a key, from both ends of a range. */
function withoutNumbers(key: string): string {
  return key.length === 24 ? key.slice(4, 12) + key.slice(16) : key.slice(4)
}

function numberBytes(id: number): string {
  return String.fromCharCode(id & 255, (id >>> 8) & 255, (id >>> 16) & 255, id >>> 24)
}

function bytes(text: string): string {
  return Buffer.from(text, 'latin1').toString('hex')
}
