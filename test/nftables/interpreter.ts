// Runs the rules of the inet table for the first packet of a connection: the program as it is written, statement by statement, from a base
// chain on. What lookup.ts says shortly must be the same.
import { type Address, familyOf } from '../../src/cluster/address.ts'
import type { Content, CounterName, Key, Value } from '../../src/nftables/content.ts'
import { classidBytes, PROTOCOL_NUMBER } from '../../src/nftables/keys.ts'
import type { Tuple } from '../../src/nftables/lookup.ts'
import { CHAINS } from '../../src/nftables/program.ts'
import { schemaOf, type SetName } from '../../src/nftables/schema.ts'
import type { Field, Statement } from '../../src/nftables/statement.ts'

const ICMP = 1
/** No packet here is one for a tunnel. */
const TUNNELS: ReadonlySet<SetName> = new Set<SetName>(['tunnels', 'tunnel_protocols'])
const INET = new Map(CHAINS.filter(({ family }) => family === 'inet').map((chain) => [chain.name, chain]))

export interface Passage {
  readonly isDropped: boolean
  /** In the order in which the packet hit them. */
  readonly counters: readonly CounterName[]
  /** The packet's priority when it leaves. */
  readonly priority: number
}

type Ending = 'accept' | 'drop' | 'return'
type Verdict = Extract<Statement, { verdict: unknown }>

/** @param content is asked for a set once for each look-up, in the order of the look-ups */
export function run(content: Pick<Content, 'sets'>, hook: 'forward' | 'input', tuple: Tuple): Passage {
  const packet = new Packet(content, tuple)
  const ending = packet.pass(hook)
  return { isDropped: ending === 'drop', counters: packet.counters, priority: packet.priority }
}

class Packet {
  readonly counters: CounterName[] = []
  priority = 0
  readonly #content: Pick<Content, 'sets'>
  readonly #tuple: Tuple

  constructor(content: Pick<Content, 'sets'>, tuple: Tuple) {
    this.#content = content
    this.#tuple = tuple
  }

  /** Passes a chain; 'return': it came to its end. */
  pass(name: string): Ending {
    const chain = INET.get(name)
    if (chain === undefined) throw new RangeError(`no chain ${name}`)
    for (const { statements } of chain.rules) {
      const verdict = this.#verdictOf(statements)
      if (verdict === undefined) continue
      if (!('chain' in verdict)) return verdict.verdict
      const ending = this.pass(verdict.chain)
      if (ending !== 'return' || verdict.verdict === 'goto') return ending
    }
    return 'return'
  }

  /** @returns undefined: one of the statements does not go on, or there is no verdict */
  #verdictOf(statements: readonly Statement[]): Verdict | undefined {
    for (const statement of statements) {
      if ('verdict' in statement) return statement
      if (!this.#goesOn(statement)) return undefined
    }
    return undefined
  }

  #goesOn(statement: Exclude<Statement, Verdict>): boolean {
    if ('match' in statement) return this.#matches(statement)
    if ('set' in statement) return this.#setPriority(statement)
    if ('count' in statement) this.counters.push(statement.count)
    if (!('countIn' in statement)) return true
    const counter = this.#find(statement.countIn, statement.key)
    if (counter !== undefined) this.counters.push(counter as CounterName)
    return counter !== undefined
  }

  #matches(statement: Extract<Statement, { match: unknown }>): boolean {
    switch (statement.match) {
      case 'set':
        return !TUNNELS.has(statement.set) && this.#find(statement.set, statement.key) !== undefined
      case 'priority':
        return ((this.priority & statement.mask) >>> 0) === statement.bits
      case 'ct state': // a new connection,
      case 'protocol': // of which only those that conntrack knows are asked for,
      case 'transport':
      case 'hop limit': // and no neighbour discovery
      case 'icmpv6':
        return false
      default:
        throw new RangeError(`the program does not match ${statement.match} here`)
    }
  }

  #setPriority(statement: Extract<Statement, { set: 'priority' }>): boolean {
    const value = 'map' in statement ? this.#find(statement.map, statement.key) : 0
    if (value !== undefined) this.priority = Number(value)
    return value !== undefined
  }

  /** @returns undefined: the packet does not have one of the fields, and nothing is looked up; or it is not found */
  #find(set: SetName, fields: readonly Field[]): Value | undefined {
    const parts = fields.map((field) => fieldOf(field, this.#tuple, this.priority))
    if (parts.includes(undefined)) return undefined
    const [key, elements] = [parts.join('') as Key, this.#content.sets.get(set)]
    if (schemaOf(set).interval !== true) return elements?.get(key)
    for (const [range, value] of elements ?? []) if (range.slice(0, key.length) <= key && key <= range.slice(key.length)) return value
    return undefined
  }
}

/** The bytes of a field, padded as in a key; undefined: the packet does not have it. */
function fieldOf(field: Field, { source, destination, protocol, port }: Tuple, priority: number): string | undefined {
  const isOf = (family: 4 | 6, address: Address): string | undefined => (familyOf(address) === family ? address : undefined)
  switch (field) {
    case 'meta priority':
      return classidBytes(priority)
    case 'meta l4proto':
      return `${String.fromCharCode(protocol === 'other' ? ICMP : PROTOCOL_NUMBER[protocol])}\0\0\0`
    case 'th dport':
      return protocol === 'other' ? undefined : `${String.fromCharCode(port >> 8, port & 255)}\0\0`
    case 'ip saddr':
      return isOf(4, source)
    case 'ip daddr':
      return isOf(4, destination)
    case 'ip6 saddr':
      return isOf(6, source)
    case 'ip6 daddr':
      return isOf(6, destination)
    default:
      throw new RangeError(`the program does not read ${field} here`)
  }
}
