// What commands do to a table of the fake kernel.
import type { Key, Value } from '../content.ts'
import { commandText } from '../render.ts'
import type { SetName } from '../schema.ts'
import type { Rule, Statement } from '../statement.ts'
import type { Command } from '../transaction.ts'
import { changeElements } from './elements.ts'
import type { Journal } from './journal.ts'
import { refuse } from './refusal.ts'
import { countUse, type FakeTable } from './table.ts'

/** Of what is in a table. */
export type InnerCommand = Exclude<Command, { add: 'table' } | { delete: 'table' }>
type Addition = Exclude<InnerCommand, { elements: unknown } | { delete: unknown }>

/** What nft can write: see CounterName and CounterValue. */
const COUNTER_NAME = /^[a-z][a-z0-9./_-]{0,254}$/
const COMMENT = /^[^"\p{Cc}]{1,127}$/u

/** @throws VethguardError NETLINK: the command is refused */
export function change(table: FakeTable, command: InnerCommand, journal: Journal): void {
  if ('elements' in command) changeElements(table, command, journal)
  else if ('delete' in command) deleteCounter(table, command, journal)
  else if (command.add === 'counter') addCounter(table, command, journal)
  else addStructure(table, command, journal)
}

function addCounter({ counters }: FakeTable, command: Extract<Addition, { add: 'counter' }>, journal: Journal): void {
  const { name, value } = command
  if (!COUNTER_NAME.test(name) || (value.comment !== undefined && !COMMENT.test(value.comment))) refuse(command, 'nft cannot write this')
  if (counters.has(name)) refuse(command, 'it exists')
  journal.set(counters, name, value)
}

function deleteCounter({ counters, uses }: FakeTable, command: Extract<InnerCommand, { delete: 'counter' }>, journal: Journal): void {
  if (!counters.has(command.name)) refuse(command, 'it does not exist')
  if ((uses.get(command.name) ?? 0) > 0) refuse(command, 'it is in use')
  journal.delete(counters, command.name)
}

function addStructure(table: FakeTable, command: Exclude<Addition, { add: 'counter' }>, journal: Journal): void {
  const { sets, chains, structure } = table
  switch (command.add) {
    case 'set':
      if (sets.has(command.set)) refuse(command, 'it exists')
      journal.set(sets, command.set, new Map<Key, Value>())
      break
    case 'chain':
      if (chains.has(command.chain.name)) refuse(command, 'it exists')
      journal.set(chains, command.chain.name, true)
      break
    case 'rule':
      addRule(table, command, journal)
  }
  journal.set(structure, structure.size, commandText(command))
}

function addRule(table: FakeTable, command: Extract<Addition, { add: 'rule' }>, journal: Journal): void {
  const { chain, rule } = command
  const missing = table.chains.has(chain.name) ? missingOf(table, rule) : chain.name
  if (missing !== undefined) refuse(command, `${missing} does not exist`)
  for (const statement of rule.statements) {
    if ('count' in statement) countUse(table, statement.count, 1, journal)
  }
}

/** What a rule refers to and the table does not have. */
function missingOf({ sets, counters, chains }: FakeTable, { statements }: Rule): string | undefined {
  for (const statement of statements) {
    const set = setOf(statement)
    if (set !== undefined && !sets.has(set)) return set
    if ('count' in statement && !counters.has(statement.count)) return statement.count
    if ('chain' in statement && !chains.has(statement.chain)) return statement.chain
  }
  return undefined
}

function setOf(statement: Statement): SetName | undefined {
  if ('match' in statement) return statement.match === 'set' ? statement.set : undefined
  if ('map' in statement) return statement.map
  return 'countIn' in statement ? statement.countIn : undefined
}
