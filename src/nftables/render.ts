// A transaction as nft text: exactly what `nft -f` gets, and what a person reads.
import type { CounterValue, Command, Transaction } from './transaction.ts'
import { elementText } from './element-text.ts'
import type { Chain } from './statement.ts'
import { ruleText } from './rule-text.ts'
import { schemaOf, TABLE_NAME, type SetName } from './schema.ts'

type Structure = Extract<Command, { add: 'counter' | 'set' | 'chain' | 'rule' }>
type ElementsCommand = Extract<Command, { elements: unknown }>

/** How many elements a command in an error message names. */
const NAMED_ELEMENTS = 3

/** One `table` block for a new table and what is made in it at once; one command each for the rest, one element a line. */
export function render({ commands }: Transaction): string {
  const lines: string[] = []
  for (let at = 0; at < commands.length; at++) {
    const command = commands[at] as Command
    const structure = isAddTable(command) ? structureOf(commands, at + 1) : []
    at += structure.length
    if (structure.length > 0) lines.push(...tableLines(command as AddTable, structure))
    else if ('elements' in command) lines.push(...elementsLines(command))
    else lines.push(commandText(command))
  }
  return lines.map((line) => `${line}\n`).join('')
}

/** One command on one line, elements shortened: names it in an error. */
export function commandText(command: Command): string {
  if ('elements' in command) {
    return shortElementsText(command)
  }
  if ('delete' in command) {
    const table = `${command.family} ${TABLE_NAME}`
    return command.delete === 'table' ? `delete table ${table}` : `delete counter ${table} ${command.name}`
  }
  return command.add === 'table' ? `add table ${command.family} ${TABLE_NAME}${flagsComment(command)}` : structureText(command)
}

function structureText(command: Structure): string {
  switch (command.add) {
    case 'counter':
      return `add counter ${command.family} ${TABLE_NAME} ${command.name} ${counterBody(command.value)}`
    case 'set':
      return `add ${setKind(command.set)} ${schemaOf(command.set).family} ${TABLE_NAME} ${command.set} ${setBody(command.set)}`
    case 'chain':
      return `add chain ${command.chain.family} ${TABLE_NAME} ${command.chain.name}${hookBody(command.chain)}`
    case 'rule':
      return `add rule ${command.chain.family} ${TABLE_NAME} ${command.chain.name} ${ruleText(command.rule)}`
  }
}

type AddTable = Extract<Command, { add: 'table' }>

function isAddTable(command: Command): command is AddTable {
  return 'add' in command && command.add === 'table'
}

/** The commands from `start` on that fill the table just added. */
function structureOf(commands: readonly Command[], start: number): Structure[] {
  const rest = commands.slice(start)
  const end = rest.findIndex((command) => !('add' in command) || command.add === 'table' || command.add === 'elements')
  return rest.slice(0, end === -1 ? undefined : end) as Structure[]
}

function tableLines(table: AddTable, structure: readonly Structure[]): string[] {
  const inner = structure.flatMap((command): string[] => {
    switch (command.add) {
      case 'counter':
        return [`counter ${command.name} ${counterBody(command.value)}`]
      case 'set':
        return [`${setKind(command.set)} ${command.set} ${setBody(command.set)}`]
      case 'chain':
        return chainLines(command.chain, structure)
      case 'rule':
        return [] // in its chain
    }
  })
  return [`table ${table.family} ${TABLE_NAME} {${flagsComment(table)}`, ...indent(inner), '}']
}

function chainLines(chain: Chain, structure: readonly Structure[]): string[] {
  const rules = structure.flatMap((command) => (command.add === 'rule' && command.chain === chain ? [ruleText(command.rule)] : []))
  return ['', `chain ${chain.name} {`, ...indent([...hookLines(chain), ...rules]), '}']
}

function elementsLines(command: ElementsCommand): string[] {
  const elements = Array.from(command.elements, ([key, value]) => `  ${elementText(command.set, key, value)},`)
  return [`${elementsHead(command)} {`, ...elements, '}']
}

function shortElementsText(command: ElementsCommand): string {
  const named: string[] = []
  for (const [key, value] of command.elements) {
    if (named.length === NAMED_ELEMENTS) break
    named.push(elementText(command.set, key, value))
  }
  const more = command.elements.size - named.length
  return `${elementsHead(command)} { ${named.join(', ')}${more > 0 ? `, and ${more} more` : ''} }`
}

function elementsHead(command: ElementsCommand): string {
  return `${'add' in command ? 'add' : 'delete'} element ${schemaOf(command.set).family} ${TABLE_NAME} ${command.set}`
}

function counterBody({ packets, bytes, comment }: CounterValue): string {
  return `{ ${comment === undefined ? '' : `comment "${comment}"; `}packets ${packets} bytes ${bytes}; }`
}

function setKind(set: SetName): string {
  return schemaOf(set).data === undefined ? 'set' : 'map'
}

function setBody(set: SetName): string {
  const { key, data, interval } = schemaOf(set)
  const type = key.join(' . ') + (data === undefined ? '' : ` : ${data}`)
  return `{ type ${type}; ${interval === true ? 'flags interval; ' : ''}}`
}

function hookBody(chain: Chain): string {
  return chain.hook === undefined ? '' : ` { ${hookLines(chain).join(' ')} }`
}

function hookLines({ hook }: Chain): string[] {
  return hook === undefined ? [] : [`type filter hook ${hook.name} priority ${hook.priority}; policy accept;`]
}

/** nft 1.0.6 has no word for `persist`, and an owner that ends at once would take the table with it. */
function flagsComment({ flags }: AddTable): string {
  return flags.length === 0 ? '' : ` # flags ${flags.join(', ')}`
}

function indent(lines: readonly string[]): string[] {
  return lines.map((line) => (line === '' ? '' : `  ${line}`))
}
