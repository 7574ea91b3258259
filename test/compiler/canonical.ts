// Content with the numbers of classes, lists and verdicts replaced by what they stand for: equal for equal meanings.
import type { Content, Value } from '../../src/nftables/content.ts'
import { outcomeOf } from '../../src/nftables/numbers.ts'
import { SET_NAMES, type SetName } from '../../src/nftables/schema.ts'

const CLASSES: readonly SetName[] = ['class4', 'class6', 'cidr4', 'cidr6']
const PLAIN: readonly SetName[] = ['verdict_ports', 'verdict_ranges', 'verdict_any']
const ORDERED: readonly SetName[] = ['ordered_ports', 'ordered_ranges', 'ordered_any']

/** A sorted text of all elements, numbers resolved. */
export function canonical(content: Content): string[] {
  const counters = content.sets.get('ordered_counters')
  const verdict = (value: Value): string => `${outcomeOf(Number(value))} ${String(counters?.get(numberBytes(Number(value)) as never))}`
  const lists = new Map([
    ...namesOf(content, PLAIN, (key, value) => [bytes(key.slice(0, 4)), `${withoutNumbers(key)}>${String(value)}`]),
    ...namesOf(content, ORDERED, (key, value) => [bytes(key.slice(0, 4)), `${withoutNumbers(key)}>${verdict(value)}`]),
  ])
  const classes = namesOf(content, CLASSES, (key, value, set) => [bytes(numberBytes(Number(value))), `${set} ${bytes(key)}`])
  const names: Names = { lists, classes, verdict }
  const lines = SET_NAMES.flatMap((set) => [...(content.sets.get(set) ?? [])].map(([key, value]) => `${set} ${element(set, key, value, names)}`))
  return [...lines, ...[...content.counters].map((name) => `counter ${name}`)].sort()
}

interface Names {
  readonly lists: ReadonlyMap<string, string>
  readonly classes: ReadonlyMap<string, string>
  readonly verdict: (value: Value) => string
}

function element(set: SetName, key: string, value: Value, names: Names): string {
  const classOf = (id: string) => names.classes.get(id) ?? `dangling ${id}`
  // An ordered list without an element says nothing, and a plain one isolates.
  const listOf = (id: string) => names.lists.get(id) ?? (Number(`0x${id.slice(6)}`) >= 0x80 ? 'open' : `nothing`)
  if (CLASSES.includes(set)) return `${bytes(key)} : ${classOf(bytes(numberBytes(Number(value))))}`
  if (PLAIN.includes(set)) return `${listOf(bytes(key.slice(0, 4)))} ${bytes(withoutNumbers(key))} : ${String(value)}`
  if (ORDERED.includes(set)) return `${listOf(bytes(key.slice(0, 4)))} ${bytes(withoutNumbers(key))} : ${names.verdict(value)}`
  if (set === 'ordered_counters') return String(value)
  const list = () => listOf(bytes(numberBytes(Number(value))))
  if (set.includes('_pair')) return `${classOf(bytes(key.slice(0, 4)))} . ${bytes(key.slice(4))} : ${list()}`
  if (set.includes('_default')) return `${bytes(key)} : ${list()}`
  return `${bytes(key)} : ${String(value)}`
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
