// Elements of the fake kernel's sets.
import type { CounterName, Key, Value } from '../content.ts'
import { fieldBytes, schemaOf, type SetName, type SetSchema } from '../schema.ts'
import type { Command } from '../transaction.ts'
import type { Journal } from './journal.ts'
import { refuse } from './refusal.ts'
import { countUse, type FakeTable } from './table.ts'

type ElementsCommand = Extract<Command, { elements: unknown }>
type Elements = Map<Key, Value>

/** nft's "root"; 0 is its "none". */
const ROOT = 0xffffffff

/** @throws VethguardError NETLINK: the command is refused */
export function changeElements(table: FakeTable, command: ElementsCommand, journal: Journal): void {
  const elements = table.sets.get(command.set)
  if (elements === undefined) return refuse(command, 'the set does not exist')
  if ('add' in command) addElements(table, elements, command, journal)
  else deleteElements(table, elements, command, journal)
}

function addElements(table: FakeTable, elements: Elements, command: ElementsCommand, journal: Journal): void {
  for (const [key, value] of command.elements) {
    const before = elements.get(key)
    if (before === value) continue // adding it once more is nothing
    const objection = before === undefined ? objectionTo(table, command.set, key, value) : `its value is ${before}`
    if (objection !== undefined) refuse({ ...command, elements: new Map([[key, value]]) }, objection)
    journal.set(elements, key, value)
    if (typeof value === 'string') countUse(table, value as CounterName, 1, journal)
  }
  if (schemaOf(command.set).interval === true && overlaps(elements)) refuse(command, 'ranges overlap')
}

/** A real kernel asks for the key alone. But what the agent deletes it believes to know. */
function deleteElements(table: FakeTable, elements: Elements, command: ElementsCommand, journal: Journal): void {
  for (const [key, value] of command.elements) {
    const before = elements.get(key)
    const objection = before === undefined ? 'it does not exist' : `its value is ${before}`
    if (before !== value) refuse({ ...command, elements: new Map([[key, value]]) }, objection)
    journal.delete(elements, key)
    if (typeof value === 'string') countUse(table, value as CounterName, -1, journal)
  }
}

function objectionTo(table: FakeTable, set: SetName, key: Key, value: Value): string | undefined {
  const schema = schemaOf(set)
  return objectionToKey(schema, key) ?? objectionToValue(schema, table, value)
}

function objectionToKey({ key: fields, interval }: SetSchema, key: Key): string | undefined {
  const bytes = fields.reduce((sum, type) => sum + fieldBytes(fields, type), 0)
  const isRange = interval === true
  if (key.length !== (isRange ? 2 * bytes : bytes)) return `its key has ${key.length} bytes`
  return isRange && key.slice(0, bytes) > key.slice(bytes) ? 'its range ends before it begins' : undefined
}

function objectionToValue({ data }: SetSchema, { counters }: FakeTable, value: Value): string | undefined {
  if (data === 'counter') return counters.has(value as CounterName) ? undefined : `counter ${value} does not exist`
  const isFit = data === 'classid' ? typeof value === 'number' && value > 0 && value < ROOT : value === true
  return isFit ? undefined : `${value} is no value for it`
}

/** In concatenations only the last field is ever a true range, so bytes compare as the fields do. */
function overlaps(elements: Elements): boolean {
  let end = ''
  for (const key of [...elements.keys()].sort()) {
    if (end !== '' && key.slice(0, key.length / 2) <= end) return true
    end = key.slice(key.length / 2)
  }
  return false
}
