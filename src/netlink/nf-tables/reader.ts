// Reads the tables back: what is there, every element, every counter. On its own socket, beside the one that commits.
import { hasErrno, VethguardError } from '../../base/errors.ts'
import { inTurns } from '../../base/steps.ts'
import type { BackendState, KernelReader } from '../../nftables/backend.ts'
import type { Content, CounterName, Key, Value } from '../../nftables/content.ts'
import { OWN_COUNTERS } from '../../nftables/program.ts'
import { SET_NAMES, TABLE_NAME, type SetName, type TableFamily } from '../../nftables/schema.ts'
import { TABLE_FAMILIES, type CounterValue, plus, type TableFlag } from '../../nftables/transaction.ts'
import { attribute } from '../attributes.ts'
import type { Message } from '../message.ts'
import { ElementsDecoder, readCounter, readTable, type KernelTable } from './decode.ts'
import { elementOf, elementsOf, interval } from './elements.ts'
import { FAMILY, GENERATION_ID, NFGENMSG_BYTES, NFT_MSG, OBJECT, OBJECT_COUNTER } from './protocol.ts'
import { tableState } from './state.ts'
import { structureIn, structureRequests } from './structure-reader.ts'
import { NetfilterSocket, type Request } from './socket.ts'

/** Others commit too, and any commit ends a consistent look. */
const ATTEMPTS = 20
/** Of counters, several looks that commits ran into say enough together. */
const COUNTER_LOOKS = 5

export interface ReaderOptions {
  /** Path of a network namespace; undefined: the process's own. */
  readonly namespace?: string | undefined
  /** Flags that new tables are to have. */
  readonly flags?: readonly TableFlag[]
  /** Port id of the socket that owns our tables; undefined: we own none. */
  readonly portId?: number
}

export class Reader implements KernelReader {
  readonly #options: ReaderOptions
  /** For questions that are answered at once. */
  readonly #questions: NetfilterSocket
  /** For long dumps, one at a time. */
  readonly #dumps: NetfilterSocket
  #lastDump: Promise<unknown> = Promise.resolve()

  constructor(options: ReaderOptions = {}) {
    this.#options = options
    this.#questions = new NetfilterSocket(options.namespace)
    this.#dumps = new NetfilterSocket(options.namespace)
  }

  state(): BackendState {
    const { flags = [], portId } = this.#options
    const tables = new Map(Array.from(this.#tables(), ([family, table]) => [family, tableState(table, portId)]))
    return { generation: this.#generation(), tables, flags }
  }

  /** A number that changes with every commit of anyone. */
  #generation(): number {
    let generation = 0
    this.#questions.request({ what: 'get generation', type: NFT_MSG.GETGEN, family: 0 }, ({ datagram, start, end }) => {
      const id = attribute(datagram, { start: start + NFGENMSG_BYTES, end }, GENERATION_ID)
      if (id !== undefined) generation = datagram.readUInt32BE(id.start)
    })
    return generation
  }

  /** The agent's tables, whoever made them. */
  #tables(): ReadonlyMap<TableFamily, KernelTable> {
    const tables = new Map<TableFamily, KernelTable>()
    this.#questions.request({ what: 'list tables', type: NFT_MSG.GETTABLE, family: 0, all: true }, (answer) => {
      const table = readTable(answer)
      const family = TABLE_FAMILIES.find((each) => FAMILY[each] === table.family)
      if (family !== undefined && table.name === TABLE_NAME) tables.set(family, table)
    })
    return tables
  }

  /**
   * Every element and the names of all counters.
   * @returns undefined where there is no table; sets that are not there are left out
   */
  content(): Promise<Content | undefined> {
    const look = async (): Promise<{ readonly value: Content | undefined } | undefined> => {
      if (!this.#tables().has('inet')) return { value: undefined }
      const sets = new Map<SetName, ReadonlyMap<Key, Value>>()
      for (const set of SET_NAMES) {
        const elements = await dumpElements(this.#dumps, set)
        if (elements === 'interrupted') return undefined
        if (elements !== 'missing') sets.set(set, elements)
      }
      const { isWhole, counters } = await dumpCounters(this.#dumps, 'inet')
      return isWhole ? { value: { sets, counters: new Set([...counters.keys()].filter((name) => !OWN_COUNTERS.inet.includes(name))) } } : undefined
    }
    return this.#afterOthers(async () => {
      const found = await this.#consistently(ATTEMPTS, look)
      if (found === undefined) throw new VethguardError('NETLINK', `list elements: others changed the rules ${ATTEMPTS} times meanwhile`)
      return found.value
    })
  }

  /**
   * Every counter, those of one name in both tables summed. Where others commit all the time it is what several looks have seen:
   * each commit can make one miss a counter. Counters only grow, so what was seen later counts.
   */
  counters(): Promise<ReadonlyMap<CounterName, CounterValue>> {
    const seen = { inet: new Map<CounterName, CounterValue>(), bridge: new Map<CounterName, CounterValue>() }
    const look = async (): Promise<{ readonly value: Map<CounterName, CounterValue> } | undefined> => {
      const [inet, bridge] = [await dumpCounters(this.#dumps, 'inet'), await dumpCounters(this.#dumps, 'bridge')]
      for (const [name, value] of inet.counters) seen.inet.set(name, value)
      for (const [name, value] of bridge.counters) seen.bridge.set(name, value)
      return inet.isWhole && bridge.isWhole ? { value: sumOf(inet.counters, bridge.counters) } : undefined
    }
    return this.#afterOthers(async () => {
      const found = await this.#consistently(COUNTER_LOOKS, look)
      return found?.value ?? sumOf(seen.inet, seen.bridge)
    })
  }

  /** Every element of a set as it is read, whatever is committed meanwhile: some of what changes may be missed or told twice. */
  async eachElement(set: SetName, visit: (key: Key, value: Value) => void): Promise<boolean> {
    const decoder = new ElementsDecoder(set)
    const tell = (): void => {
      for (const [key, value] of decoder.drain()) visit(key, value)
    }
    const take = (answer: Message): void => {
      decoder.take(answer)
      if (interval(set) !== 'tree') tell()
    }
    const found = await this.#afterOthers(() => unlessMissing(() => inTurns(this.#dumps.dump(elementsOf(set), take))))
    tell()
    return found !== undefined
  }

  /** Elements of these keys, at once; those that are not there are left out. */
  elementsNow(set: SetName, keys: ReadonlySet<Key>): Map<Key, Value> {
    const decoder = new ElementsDecoder(set)
    if (interval(set) === 'tree') this.#questions.request(elementsOf(set), (answer) => decoder.take(answer))
    else this.#questions.requestEach(Array.from(keys, (key) => elementOf(set, key)), (answer) => decoder.take(answer))
    return new Map(decoder.drain().filter(([key]) => keys.has(key)))
  }

  structure(): string {
    const parts: string[] = []
    for (const request of structureRequests()) {
      this.#questions.request(request, (answer) => parts.push(structureIn(request.type, answer)))
    }
    return parts.join('')
  }

  /** Counters of the inet table by name, at once; those that are not there are left out. */
  countersNow(names: Iterable<CounterName>): Map<CounterName, CounterValue> {
    const counters = new Map<CounterName, CounterValue>()
    const requests = Array.from(names, (name): Request => ({
      what: `get counter ${name}`,
      type: NFT_MSG.GETOBJ,
      family: FAMILY.inet,
      attributes: (writer) => {
        writer.string(OBJECT.TABLE, TABLE_NAME)
        writer.string(OBJECT.NAME, name)
        writer.u32(OBJECT.TYPE, OBJECT_COUNTER)
      },
    }))
    this.#questions.requestEach(requests, (answer) => counters.set(...readCounter(answer)))
    return counters
  }

  close(): void {
    this.#questions.close()
    this.#dumps.close()
  }

  /** Looks until nobody has committed from the first question to the last answer. @returns undefined if that never came about */
  async #consistently<T extends object>(attempts: number, look: () => Promise<T | undefined>): Promise<T | undefined> {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const before = this.#generation()
      const result = await look()
      if (result !== undefined && this.#generation() === before) return result
    }
    return undefined
  }

  /** Reads when earlier dumps have ended. */
  #afterOthers<T>(read: () => Promise<T>): Promise<T> {
    const result = this.#lastDump.then(read)
    this.#lastDump = result.catch(() => undefined)
    return result
  }
}

async function dumpElements(socket: NetfilterSocket, set: SetName): Promise<ReadonlyMap<Key, Value> | 'interrupted' | 'missing'> {
  const decoder = new ElementsDecoder(set)
  const consistent = await unlessMissing(() => inTurns(socket.dump(elementsOf(set), (answer) => decoder.take(answer))))
  if (consistent === undefined) return 'missing'
  return (consistent ? decoder.finish() : undefined) ?? 'interrupted'
}

interface CountersSeen {
  readonly counters: Map<CounterName, CounterValue>
  /** No commit ran into it. */
  readonly isWhole: boolean
}

async function dumpCounters(socket: NetfilterSocket, family: TableFamily): Promise<CountersSeen> {
  const counters = new Map<CounterName, CounterValue>()
  const request: Request = {
    what: `list counters table ${family} ${TABLE_NAME}`,
    type: NFT_MSG.GETOBJ,
    family: FAMILY[family],
    all: true,
    attributes: (writer) => {
      writer.string(OBJECT.TABLE, TABLE_NAME)
      writer.u32(OBJECT.TYPE, OBJECT_COUNTER)
    },
  }
  return { counters, isWhole: await inTurns(socket.dump(request, (answer) => counters.set(...readCounter(answer)))) }
}

/** Adds those of the other to those of one. */
function sumOf(one: Map<CounterName, CounterValue>, other: ReadonlyMap<CounterName, CounterValue>): Map<CounterName, CounterValue> {
  for (const [name, value] of other) one.set(name, plus(one.get(name), value))
  return one
}

/** @returns undefined where there is no such set */
async function unlessMissing<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return undefined
    throw error
  }
}
