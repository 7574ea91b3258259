// The matrix as people read it: a row for each client, a column for each service, a mark where they meet.
import Table from 'cli-table3'
import colors from 'picocolors'
import type { Actor, Cast, Service } from './cast.ts'
import { type Cell, isWrong } from './matrix.ts'

export const MARKS = { open: colors.green('●'), closed: colors.dim('·'), wrong: colors.bold(colors.red('✗')) } as const

/** No lines but the gap between columns. */
const CHARS = {
  top: '', 'top-mid': '', 'top-left': '', 'top-right': '',
  bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '',
  left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: ' ',
}

export function plainTable(): Table.Table {
  return new Table({ chars: CHARS, style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [], compact: true } })
}

export function renderMatrix({ clients, services }: Cast, cells: readonly Cell[]): string {
  const table = plainTable()
  const marks = Map.groupBy(cells, ({ from, to }) => from.name + nameIn(to))
  table.push(['', ...headsOf(services)])
  table.push([colors.dim('from'), ...services.map(({ port }) => centered(colors.dim(String(port))))])
  for (const from of clients) {
    table.push([clientName(from), ...services.map((to) => centered(markOf(marks.get(from.name + nameIn(to)) ?? [])))])
  }
  return table.toString()
}

/** The pods that serve, each above its ports. */
function headsOf(services: readonly Service[]): Table.Cell[] {
  const byActor = Map.groupBy(services, ({ actor }) => actor)
  return [...byActor].map(([{ name }, { length }]) => ({ content: colors.bold(shortName(name)), colSpan: length, hAlign: 'center' }))
}

/** Both families: mostly they agree. */
function markOf(cells: readonly Cell[]): string {
  if (cells.some(isWrong)) return MARKS.wrong
  const families = cells.filter(({ open }) => open).map(({ family }) => family)
  if (families.length === cells.length) return cells.length === 0 ? '' : MARKS.open
  return families.length === 0 ? MARKS.closed : colors.green(families.join(''))
}

function clientName({ name }: Actor): string {
  return colors.dim(name.slice(0, -shortName(name).length)) + shortName(name)
}

function shortName(name: string): string {
  return name.slice(name.indexOf('/') + 1)
}

function nameIn({ actor, port }: Service): string {
  return ` ${actor.name} ${port}`
}

function centered(content: string): Table.Cell {
  return { content, hAlign: 'center' }
}
