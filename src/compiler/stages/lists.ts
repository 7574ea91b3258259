// Lists: what a class of peers may do to a pod, in the kernel. Interned, so that all who may the same share one number.
import { getOrAdd } from '../../base/collections.ts'
import type { CounterName, Key } from '../../nftables/content.ts'
import { numberKey, portKey, portRangeKey } from '../../nftables/keys.ts'
import { LARGEST_LIST, ORDERED } from '../../nftables/numbers.ts'
import type { Direction } from '../../policy/types.ts'
import { counterName } from '../counter-names.ts'
import { IdPool } from '../ids.ts'
import type { ContentStore } from '../store.ts'
import type { Entry, Judgement } from './judgement.ts'
import { ISOLATED, type Verdict } from './verdict.ts'
import { VerdictNumbers } from './verdict-numbers.ts'

/** A judgement with its canonical key: equal meanings have equal keys. */
export interface VerdictList extends Judgement {
  readonly key: string
  readonly direction: Direction
  /**
   * A ClusterNetworkPolicy has a say, or a pod is judged that no NetworkPolicy isolates. A plain list has NetworkPolicies that accept, and
   * isolation for the rest: the kernel then needs a look-up less.
   */
  readonly isOrdered: boolean
}

/** Ports of all ranges of one list that are written out, so that a policy of many ranges does not become millions of elements. */
const WRITTEN_OUT = 512

/**
 * Ports of a range that is written out port by port. The kernel copies the whole set of ranges (pipapo) for every change of it:
 * with 1,800 ranges in it a change took 9 to 45 ms (bench/changes.ts), against 1 µs for each port in a hash.
 */
const NARROW = 64

export function listOf(direction: Direction, judgement: Judgement): VerdictList {
  const { ports, ranges, rest } = judgement
  const verdicts = new Map<string, number>()
  const number = ({ key }: Verdict): number => getOrAdd(verdicts, key, () => verdicts.size)
  const entries = [...ports, ...ranges].map(({ protocol, first, last, verdict }) => `${protocol}${first}-${last}:${number(verdict)}`)
  const key = `${direction} ${entries.join()} ${number(rest)} ${[...verdicts.keys()].join('|')}`
  return { ports, ranges, rest, key, direction, isOrdered: !(isPlainRest(rest) && ports.every(isPlain) && ranges.every(isPlain)) }
}

/** Whether nothing is allowed, and nobody has a part in that: the kernel needs no element to say so. */
export function isNothing({ ports, ranges, rest }: VerdictList): boolean {
  return rest === ISOLATED && ports.length + ranges.length === 0
}

/** A number for each list in use, and its elements in the kernel for as long as a verdict table uses it. */
export class Lists {
  readonly #store: ContentStore
  readonly #verdicts: VerdictNumbers
  readonly #ids = { plain: new IdPool(LARGEST_LIST), ordered: new IdPool(LARGEST_LIST) }
  readonly #interned = new Map<string, { readonly number: number; uses: number }>()

  constructor(store: ContentStore) {
    this.#store = store
    this.#verdicts = new VerdictNumbers(store)
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
    const number = list.isOrdered ? (ORDERED | this.#ids.ordered.take()) >>> 0 : this.#ids.plain.take()
    this.#interned.set(list.key, { number, uses: 1 })
    if (list.isOrdered) this.#addOrdered(list, number)
    else this.#addPlain(list, number)
    return number
  }

  release(list: VerdictList): void {
    const known = this.#interned.get(list.key)
    if (known === undefined || --known.uses > 0) return
    this.#interned.delete(list.key)
    this.#ids[list.isOrdered ? 'ordered' : 'plain'].giveBack((known.number & ~ORDERED) >>> 0)
    if (list.isOrdered) this.#removeOrdered(list, known.number)
    else this.#removePlain(list, known.number)
  }

  #addPlain(list: VerdictList, number: number): void {
    const counters = new CounterNames(list.direction)
    forEachElement(list, number, (set, key, { hits }) => {
      const counter = counters.of(hits)
      this.#store.holdCounter(counter, { kind: 'hits', direction: list.direction, hits })
      this.#store.put(`verdict_${set}`, key, counter)
    })
  }

  #removePlain(list: VerdictList, number: number): void {
    const counters = new CounterNames(list.direction)
    forEachElement(list, number, (set, key, { hits }) => {
      this.#store.remove(`verdict_${set}`, key)
      this.#store.dropCounter(counters.of(hits))
    })
  }

  #addOrdered(list: VerdictList, number: number): void {
    forEachElement(list, number, (set, key, verdict) => this.#store.put(`ordered_${set}`, key, this.#verdicts.use(list.direction, verdict)))
  }

  #removeOrdered(list: VerdictList, number: number): void {
    forEachElement(list, number, (set, key, verdict) => {
      this.#store.remove(`ordered_${set}`, key)
      this.#verdicts.release(list.direction, verdict)
    })
  }
}

/** Names of one list's counters: ports of one range share the hits, and a name costs a hash. */
class CounterNames {
  readonly #direction: Direction
  readonly #byHits = new Map<Verdict['hits'], CounterName>()

  constructor(direction: Direction) {
    this.#direction = direction
  }

  of(hits: Verdict['hits']): CounterName {
    return getOrAdd(this.#byHits, hits, () => counterName({ kind: 'hits', direction: this.#direction, hits }))
  }
}

function isPlain({ verdict }: Entry): boolean {
  return isPlainAccept(verdict)
}

function isPlainRest(verdict: Verdict): boolean {
  return verdict === ISOLATED || isPlainAccept(verdict)
}

function isPlainAccept({ action, hits }: Verdict): boolean {
  return action === 'accept' && hits.length > 0 && hits.every(({ rule }) => rule === undefined)
}

/** Without an element for what the kernel does of itself: isolation in a plain list, nothing in an ordered one. */
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
  const isOpen = list.rest.action === 'accept' && list.rest.hits.length === 0
  if (!isOpen && (list.isOrdered || list.rest !== ISOLATED)) visit('any', numberKey(number), list.rest)
}

/** The ports of a range, less those that stand alone already. */
function forEachPort(list: VerdictList, { protocol, first, last }: Entry, visit: (port: number) => void): void {
  const single = new Set(list.ports.filter((entry) => entry.protocol === protocol).map((entry) => entry.first))
  for (let port = first; port <= last; port++) if (!single.has(port)) visit(port)
}

