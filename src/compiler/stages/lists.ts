// Lists: what a class of peers may do to a pod, in the kernel. Interned, so that all that is judged alike shares one number.
import { getOrAdd } from '../../base/collections.ts'
import type { CounterName, Key } from '../../nftables/content.ts'
import { numberKey, portKey, portRangeKey } from '../../nftables/keys.ts'
import type { Direction } from '../../policy/types.ts'
import { counterName } from '../counter-names.ts'
import { IdPool } from '../ids.ts'
import type { ContentStore } from '../store.ts'
import type { Entry, Judgement } from './judgement.ts'
import { ISOLATED, NEXT, type Verdict } from './verdict.ts'
import { VerdictNumbers } from './verdict-numbers.ts'

/** A judgement with its canonical key: equal meanings have equal keys. */
export interface VerdictList extends Judgement {
  readonly key: string
  readonly direction: Direction
}

/** Ports of all ranges of one list that are written out, so that a policy of many ranges does not become millions of elements. */
const WRITTEN_OUT = 512

/**
 * Ports of a range that is written out port by port. The kernel copies the whole set of ranges (pipapo) for every change of it:
 * with 1,800 ranges in it a change took 9 to 45 ms (bench/changes.ts), against 1 µs for each port in a hash.
 */
const NARROW = 64

export function listOf(direction: Direction, { ports, ranges, rest }: Judgement): VerdictList {
  const verdicts = new Map<string, number>()
  const number = ({ key }: Verdict): number => getOrAdd(verdicts, key, () => verdicts.size)
  const entries = [...ports, ...ranges].map(({ protocol, first, last, verdict }) => `${protocol}${first}-${last}:${number(verdict)}`)
  return { ports, ranges, rest, direction, key: `${direction} ${entries.join()} ${number(rest)} ${[...verdicts.keys()].join('\n\n')}` }
}

/** Whether the kernel needs no element to say this: nothing is allowed, or no rule of a tier matches. */
export function isNothing({ ports, ranges, rest }: VerdictList): boolean {
  return isImplied(rest) && ports.length + ranges.length === 0
}

/** How the elements of a list lead to counters: `verdict_*` at once, `tier_*` over the number of a verdict. */
interface Encoding {
  readonly sets: 'verdict' | 'tier'
  use(direction: Direction, verdict: Verdict): number | CounterName
  release(direction: Direction, verdict: Verdict): void
}

/** A number for each list in use, and its elements in the kernel for as long as a verdict table uses it. */
export class Lists {
  readonly #store: ContentStore
  readonly #encoding: Encoding
  readonly #ids: IdPool
  readonly #interned = new Map<string, { readonly number: number; uses: number }>()

  private constructor(store: ContentStore, encoding: Encoding, ids: IdPool) {
    this.#store = store
    this.#ids = ids
    this.#encoding = encoding
  }

  /** Those of NetworkPolicies: what is found is accepted. */
  static ofNetworkPolicies(store: ContentStore): Lists {
    return new Lists(store, new AcceptCounters(store), new IdPool())
  }

  /** Those of ClusterNetworkPolicies, of both tiers. */
  static ofTiers(store: ContentStore, { lists, verdicts }: Readonly<Record<'lists' | 'verdicts', IdPool>>): Lists {
    return new Lists(store, new VerdictNumbers(store, verdicts), lists)
  }

  get size(): number {
    return this.#interned.size
  }

  use(list: VerdictList): number {
    const known = this.#interned.get(list.key)
    if (known !== undefined) {
      known.uses++
      return known.number
    }
    const number = this.#ids.take()
    this.#interned.set(list.key, { number, uses: 1 })
    forEachElement(list, number, (set, key, verdict) => {
      this.#store.put(`${this.#encoding.sets}_${set}`, key, this.#encoding.use(list.direction, verdict))
    })
    return number
  }

  release(list: VerdictList): void {
    const known = this.#interned.get(list.key)
    if (known === undefined || --known.uses > 0) return
    this.#interned.delete(list.key)
    this.#ids.giveBack(known.number)
    forEachElement(list, known.number, (set, key, verdict) => {
      this.#store.remove(`${this.#encoding.sets}_${set}`, key)
      this.#encoding.release(list.direction, verdict)
    })
  }
}

/** Counters of connections that NetworkPolicies accept: one for each set of policies. */
class AcceptCounters implements Encoding {
  readonly sets = 'verdict'
  readonly #store: ContentStore
  /** Ports of one range share the verdict, and a name costs a hash. */
  readonly #names = new WeakMap<Verdict['hits'], CounterName>()

  constructor(store: ContentStore) {
    this.#store = store
  }

  use(direction: Direction, { hits }: Verdict): CounterName {
    const name = this.#nameOf(direction, hits)
    this.#store.holdCounter(name, { kind: 'hits', direction, hits })
    return name
  }

  release(direction: Direction, { hits }: Verdict): void {
    this.#store.dropCounter(this.#nameOf(direction, hits))
  }

  /** Hits are made for one direction. */
  #nameOf(direction: Direction, hits: Verdict['hits']): CounterName {
    const known = this.#names.get(hits)
    if (known !== undefined) return known
    const name = counterName({ kind: 'hits', direction, hits })
    this.#names.set(hits, name)
    return name
  }
}

/** What the kernel does of itself. */
function isImplied(verdict: Verdict): boolean {
  return verdict === ISOLATED || verdict === NEXT
}

function forEachElement(list: VerdictList, number: number, visit: (set: 'ports' | 'ranges' | 'any', key: Key, verdict: Verdict) => void): void {
  for (const { protocol, first, verdict } of list.ports) visit('ports', portKey(number, protocol, first), verdict)
  let left = WRITTEN_OUT
  for (const range of list.ranges) {
    const ports = range.last - range.first + 1
    const isWrittenOut = ports <= Math.min(NARROW, left)
    if (isWrittenOut) left -= ports
    if (isWrittenOut) forEachPort(list, range, (port) => visit('ports', portKey(number, range.protocol, port), range.verdict))
    else visit('ranges', portRangeKey(number, range.protocol, range), range.verdict)
  }
  if (!isImplied(list.rest)) visit('any', numberKey(number), list.rest)
}

/** The ports of a range, less those that stand alone already. */
function forEachPort(list: VerdictList, { protocol, first, last }: Entry, visit: (port: number) => void): void {
  const single = new Set(list.ports.filter((entry) => entry.protocol === protocol).map((entry) => entry.first))
  for (let port = first; port <= last; port++) if (!single.has(port)) visit(port)
}
