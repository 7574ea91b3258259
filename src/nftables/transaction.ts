// What is to happen to the kernel's tables, all or nothing: a plain value that renders to nft text (render.ts) and encodes to
// netlink (netlink/nf-tables/encode.ts).
import type { Content, CounterName, Delta, Key, Value } from './content.ts'
import { CHAINS, OWN_COUNTERS, STRAY } from './program.ts'
import type { Chain, Rule } from './statement.ts'
import { schemaOf, SET_NAMES, type SetName, type TableFamily } from './schema.ts'

export interface CounterValue {
  readonly packets: number
  readonly bytes: number
  /** What a person reads beside it: at most 127 bytes, without quotes and control characters (`NFTNL_UDATA_COMMENT_MAXLEN`). */
  readonly comment?: string | undefined
}

/**
 * owner: while the socket that created the table lives, no other process can change it. persist: the table outlives that socket,
 * without an owner (linux/netfilter/nf_tables.h, kernel 6.9).
 */
export type TableFlag = 'owner' | 'persist'

export type Elements = ReadonlyMap<Key, Value>

export type Command =
  | { readonly add: 'table'; readonly family: TableFamily; readonly flags: readonly TableFlag[] }
  | { readonly delete: 'table'; readonly family: TableFamily }
  | { readonly add: 'counter'; readonly family: TableFamily; readonly name: CounterName; readonly value: CounterValue }
  | { readonly delete: 'counter'; readonly family: TableFamily; readonly name: CounterName }
  | { readonly add: 'set'; readonly set: SetName }
  | { readonly add: 'chain'; readonly chain: Chain }
  | { readonly add: 'rule'; readonly chain: Chain; readonly rule: Rule }
  | { readonly add: 'elements'; readonly set: SetName; readonly elements: Elements }
  | { readonly delete: 'elements'; readonly set: SetName; readonly elements: Elements }

export interface Transaction {
  readonly commands: readonly Command[]
}

/** What a table replacement has to know of the kernel; KernelReader.state() has it. */
export interface TableOptions {
  /** Whether source addresses are guarded; default: yes. */
  readonly guard?: boolean
  /** What new tables get; default: none. */
  readonly flags?: readonly TableFlag[]
  /** The tables that exist, as far as is known. */
  readonly tables?: ReadonlyMap<TableFamily, { readonly flags: readonly TableFlag[] }>
}

export const TABLE_FAMILIES: readonly TableFamily[] = ['inet', 'bridge']

export const ZERO: CounterValue = { packets: 0, bytes: 0 }

export function plus(a: CounterValue = ZERO, b: CounterValue): CounterValue {
  return { packets: a.packets + b.packets, bytes: a.bytes + b.bytes }
}

export function minus(a: CounterValue, b: CounterValue): CounterValue {
  return { packets: a.packets - b.packets, bytes: Math.max(0, a.bytes - b.bytes) }
}

/**
 * Turns the content in the kernel into another; see diff(). Elements go first and counters last, as long as they are referenced.
 * @param beginnings what new counters begin with; missing ones with 0
 */
export function update({ sets, counters }: Delta, beginnings: ReadonlyMap<CounterName, CounterValue> = new Map()): Transaction {
  const commands: Command[] = []
  for (const [set, { deleted }] of sets) {
    if (deleted.size > 0) commands.push({ delete: 'elements', set, elements: deleted })
  }
  for (const name of counters.added) {
    commands.push({ add: 'counter', family: 'inet', name, value: beginnings.get(name) ?? ZERO })
  }
  for (const [set, { added }] of sets) {
    if (added.size > 0) commands.push({ add: 'elements', set, elements: added })
  }
  for (const name of counters.deleted) commands.push({ delete: 'counter', family: 'inet', name })
  return { commands }
}

/**
 * Replaces both tables by new ones with this content, whatever was there before, without a moment in between.
 * @param counters what counters begin with, by KernelReader.counters(), OWN_COUNTERS included; missing ones begin with 0
 */
export function replace(content: Content, counters: ReadonlyMap<CounterName, CounterValue>, options: TableOptions = {}): Transaction {
  const names: Record<TableFamily, Iterable<CounterName>> = { ...OWN_COUNTERS, inet: [...OWN_COUNTERS.inet, ...content.counters] }
  const commands = TABLE_FAMILIES.flatMap((family): Command[] => {
    const chains = CHAINS.filter((chain) => chain.family === family && (options.guard !== false || chain.guards === undefined))
    return [
      ...removal(family, options),
      { add: 'table', family, flags: options.flags ?? [] },
      ...Array.from(names[family], (name): Command => ({ add: 'counter', family, name, value: initial(family, name, counters) })),
      ...SET_NAMES.filter((set) => schemaOf(set).family === family).map((set): Command => ({ add: 'set', set })),
      ...chains.map((chain): Command => ({ add: 'chain', chain })),
      ...chains.flatMap((chain) => chain.rules.map((rule): Command => ({ add: 'rule', chain, rule }))),
    ]
  })
  for (const [set, elements] of content.sets) {
    if (elements.size > 0) commands.push({ add: 'elements', set, elements })
  }
  return { commands }
}

/** Removes both tables, present or not. */
export function cleanup(options: TableOptions = {}): Transaction {
  return { commands: TABLE_FAMILIES.flatMap((family) => removal(family, options)) }
}

/**
 * nft 1.0.6 and kernels before 6.3 cannot `destroy`: delete works only on what exists, so it is added first. But a table with
 * flags is known to exist, and adding it once more without them would be refused.
 */
function removal(family: TableFamily, { tables }: TableOptions): Command[] {
  const hasFlags = (tables?.get(family)?.flags.length ?? 0) > 0
  return [...(hasFlags ? [] : [{ add: 'table', family, flags: [] } as const]), { delete: 'table', family }]
}

/** The sum over both tables goes on in the first that has the counter. */
function initial(family: TableFamily, name: CounterName, counters: ReadonlyMap<CounterName, CounterValue>): CounterValue {
  return (family === (name === STRAY ? 'bridge' : 'inet') ? counters.get(name) : undefined) ?? ZERO
}
