// Reads the tables back: what is there, every element, every counter. On its own socket, beside the one that commits.
import { setImmediate } from 'node:timers/promises'
import { NetlinkError, VethguardError } from '../../errors.ts'
import type { Content, CounterName, Key, Value } from '../../nftables/content.ts'
import { SPOOFED } from '../../nftables/program.ts'
import { schemaOf, SET_NAMES, TABLE_NAME, type SetName, type TableFamily } from '../../nftables/schema.ts'
import { TABLE_FAMILIES, type CounterValue } from '../../nftables/transaction.ts'
import { attribute, NFGENMSG_BYTES } from './attributes.ts'
import { ElementsDecoder, readCounter, readTable, type KernelTable } from './decode.ts'
import { ELEMENTS, FAMILY, GENERATION_ID, NFT_MSG, OBJECT, OBJECT_COUNTER } from './protocol.ts'
import { NetfilterSocket, type Answer, type Request } from './socket.ts'

/** Others commit too, and any commit ends a consistent look. */
const ATTEMPTS = 20
/** Datagrams of 32 KiB read before others get the event loop. */
const DATAGRAMS_IN_A_ROW = 16

const ENOENT = 2

export class Reader {
  /** For questions that are answered at once. */
  readonly #questions: NetfilterSocket
  /** For long dumps, one at a time. */
  readonly #dumps: NetfilterSocket
  #lastDump: Promise<unknown> = Promise.resolve()

  /** @param namespace path of a network namespace; undefined: the process's own */
  constructor(namespace?: string) {
    this.#questions = new NetfilterSocket(namespace)
    this.#dumps = new NetfilterSocket(namespace)
  }

  /** A number that changes with every commit of anyone. */
  generation(): number {
    let generation = 0
    this.#questions.request({ what: 'get generation', type: NFT_MSG.GETGEN, family: 0 }, ({ datagram, start, end }) => {
      const id = attribute(datagram, { start: start + NFGENMSG_BYTES, end }, GENERATION_ID)
      if (id !== undefined) generation = datagram.readUInt32BE(id.start)
    })
    return generation
  }

  /** The agent's tables, whoever made them. */
  tables(): ReadonlyMap<TableFamily, KernelTable> {
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
    return this.#consistently('list elements', async () => {
      if (!this.tables().has('inet')) return { value: undefined }
      const sets = new Map<SetName, ReadonlyMap<Key, Value>>()
      for (const set of SET_NAMES) {
        const elements = await dumpElements(this.#dumps, set)
        if (elements === 'interrupted') return undefined
        if (elements !== 'missing') sets.set(set, elements)
      }
      const counters = await dumpCounters(this.#dumps, 'inet')
      counters?.delete(SPOOFED)
      return counters && { value: { sets, counters: new Set(counters.keys()) } }
    })
  }

  /** Every counter, those of one name in both tables summed. */
  counters(): Promise<ReadonlyMap<CounterName, CounterValue>> {
    return this.#consistently('list counters', async () => {
      const sum = await dumpCounters(this.#dumps, 'inet')
      const bridge = await dumpCounters(this.#dumps, 'bridge')
      if (sum === undefined || bridge === undefined) return undefined
      for (const [name, { packets, bytes }] of bridge) {
        const before = sum.get(name)
        sum.set(name, { packets: packets + (before?.packets ?? 0), bytes: bytes + (before?.bytes ?? 0) })
      }
      return { value: sum }
    })
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

  /** After earlier dumps; tries until nobody has committed from the first question to the last answer. */
  #consistently<T>(what: string, read: () => Promise<{ readonly value: T } | undefined>): Promise<T> {
    const attempts = async (): Promise<T> => {
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const before = this.generation()
        const result = await read()
        if (result !== undefined && this.generation() === before) return result.value
      }
      throw new VethguardError('NETLINK', `${what}: others changed the rules ${ATTEMPTS} times meanwhile`)
    }
    const result = this.#lastDump.then(attempts)
    this.#lastDump = result.catch(() => undefined)
    return result
  }
}

async function dumpElements(socket: NetfilterSocket, set: SetName): Promise<ReadonlyMap<Key, Value> | 'interrupted' | 'missing'> {
  const { family } = schemaOf(set)
  const decoder = new ElementsDecoder(set)
  const request: Request = {
    what: `list set ${family} ${TABLE_NAME} ${set}`,
    type: NFT_MSG.GETSETELEM,
    family: FAMILY[family],
    all: true,
    attributes: (writer) => {
      writer.string(ELEMENTS.TABLE, TABLE_NAME)
      writer.string(ELEMENTS.SET, set)
    },
  }
  try {
    const consistent = await dump(socket, request, (answer) => decoder.take(answer))
    return (consistent ? decoder.finish() : undefined) ?? 'interrupted'
  } catch (error) {
    if (error instanceof NetlinkError && error.errno === ENOENT) return 'missing'
    throw error
  }
}

/** @returns undefined if interrupted */
async function dumpCounters(socket: NetfilterSocket, family: TableFamily): Promise<Map<CounterName, CounterValue> | undefined> {
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
  const consistent = await dump(socket, request, (answer) => counters.set(...readCounter(answer)))
  return consistent ? counters : undefined
}

async function dump(socket: NetfilterSocket, request: Request, visit: (answer: Answer) => void): Promise<boolean> {
  const steps = socket.dump(request, visit)
  for (let count = 1; ; count++) {
    const step = steps.next()
    if (step.done === true) return step.value
    if (count % DATAGRAMS_IN_A_ROW === 0) await setImmediate()
  }
}
