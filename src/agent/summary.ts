// A transaction in a few words, for logs.
import { elementText } from '../nftables/element-text.ts'
import type { SetName } from '../nftables/schema.ts'
import type { Command, Transaction } from '../nftables/transaction.ts'

/** More elements than these are numbers only. */
const SHOWN_ELEMENTS = 20

type ElementsCommand = Extract<Command, { elements: unknown }>

export interface Summary {
  /** Both tables are recreated. */
  readonly whole: boolean
  /** Elements by set, such as `+3 -1`. */
  readonly sets: Readonly<Partial<Record<SetName, string>>>
  readonly counters: string
  /** `+ class4 10.0.0.1 : 0:2`, where there are few. */
  readonly elements?: readonly string[]
}

export function summaryOf(transaction: Transaction): Summary {
  const { commands } = transaction
  const changes = commands.filter((command): command is ElementsCommand => 'elements' in command)
  const counters = commands.filter((command) => ('add' in command ? command.add : command.delete) === 'counter')
  const bySet = Map.groupBy(changes, ({ set }) => set)
  const few = elementsIn(transaction) <= SHOWN_ELEMENTS
  return {
    whole: commands.some((command) => 'add' in command && command.add === 'table'),
    sets: Object.fromEntries(Array.from(bySet, ([set, commands]) => [set, signed(commands, ({ elements }) => elements.size)])),
    counters: signed(counters, () => 1),
    ...(few ? { elements: changes.flatMap(elementTexts) } : {}),
  }
}

/** Added and deleted. */
export function elementsIn({ commands }: Transaction): number {
  return commands.reduce((sum, command) => sum + ('elements' in command ? command.elements.size : 0), 0)
}

function signed<C extends Command>(commands: readonly C[], size: (command: C) => number): string {
  let [added, deleted] = [0, 0]
  for (const command of commands) {
    if ('add' in command) added += size(command)
    else deleted += size(command)
  }
  return [added > 0 ? `+${added}` : '', deleted > 0 ? `-${deleted}` : ''].filter((part) => part !== '').join(' ')
}

function elementTexts(command: ElementsCommand): string[] {
  const sign = 'add' in command ? '+' : '-'
  return Array.from(command.elements, ([key, value]) => `${sign} ${command.set} ${elementText(command.set, key, value)}`)
}
