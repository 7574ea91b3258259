// Content with the numbers of classes and permissions replaced by what they stand for: equal for equal meanings.
import type { Content, Value } from '../../src/nftables/content.ts'
import { SET_NAMES, type SetName } from '../../src/nftables/schema.ts'

const CLASSES: readonly SetName[] = ['class4', 'class6', 'cidr4', 'cidr6']

/** A sorted text of all elements, numbers resolved. */
export function canonical(content: Content): string[] {
  const permissions = namesOf(content, ['perm_ports', 'perm_ranges', 'perm_any'], (key, value) => [bytes(key.slice(0, 4)), `${withoutNumbers(key)}>${String(value)}`])
  const classes = namesOf(content, CLASSES, (key, value, set) => [bytes(numberBytes(Number(value))), `${set} ${bytes(key)}`])
  const lines = SET_NAMES.flatMap((set) => [...(content.sets.get(set) ?? [])].map(([key, value]) => `${set} ${element(set, key, value, { permissions, classes })}`))
  return [...lines, ...[...content.counters].map((name) => `counter ${name}`)].sort()
}

interface Names {
  readonly permissions: ReadonlyMap<string, string>
  readonly classes: ReadonlyMap<string, string>
}

function element(set: SetName, key: string, value: Value, names: Names): string {
  const name = (map: ReadonlyMap<string, string>, id: string) => map.get(id) ?? `dangling ${id}`
  if (CLASSES.includes(set)) return `${bytes(key)} : ${name(names.classes, bytes(numberBytes(Number(value))))}`
  if (set.startsWith('perm_')) return `${name(names.permissions, bytes(key.slice(0, 4)))} ${bytes(withoutNumbers(key))} : ${String(value)}`
  const permission = () => name(names.permissions, bytes(numberBytes(Number(value))))
  if (set.includes('_pair')) return `${name(names.classes, bytes(key.slice(0, 4)))} . ${bytes(key.slice(4))} : ${permission()}`
  if (set.includes('_default')) return `${bytes(key)} : ${permission()}`
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

/** Takes the leading permission out of a key, from both ends of a range. */
function withoutNumbers(key: string): string {
  return key.length === 24 ? key.slice(4, 12) + key.slice(16) : key.slice(4)
}

function numberBytes(id: number): string {
  return String.fromCharCode(id & 255, (id >>> 8) & 255, (id >>> 16) & 255, id >>> 24)
}

function bytes(text: string): string {
  return Buffer.from(text, 'latin1').toString('hex')
}
