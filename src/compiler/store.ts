// The content that the kernel should have, and what changed since the last transaction. The compiler's last stage.
import { getOrAdd } from '../base/collections.ts'
import type { Content, CounterName, Delta, Key, SetDelta, Value } from '../nftables/content.ts'
import { SET_NAMES, type SetName } from '../nftables/schema.ts'
import { describe, describeList, memberLists } from './counter-members.ts'
import type { CounterMeaning } from './counter-names.ts'
import type { Hit } from './stages/verdict.ts'

interface HeldCounter {
  readonly meaning: CounterMeaning
  /** Elements that need it. */
  uses: number
}

/** Wanted elements and counters. Writes may come in any number and order: `flush` gives only the net difference. */
export class ContentStore implements Content {
  readonly sets: ReadonlyMap<SetName, Map<Key, Value>> = new Map(SET_NAMES.map((name) => [name, new Map<Key, Value>()]))
  /** Those of #held, and the lists of members beside them. */
  readonly counters = new Set<CounterName>()
  readonly #held = new Map<CounterName, HeldCounter>()
  /** Lists of members. */
  readonly #lists = new Map<CounterName, readonly Hit[]>()
  /** What a touched key held at the last flush. */
  readonly #before = new Map<SetName, Map<Key, Value | undefined>>()
  readonly #countersBefore = new Map<CounterName, boolean>()
  /** Off while everything is new: then the kernel gets the whole content. */
  #remembers = true

  /** What a counter in use counts. */
  meaningOf(name: CounterName): CounterMeaning | undefined {
    return this.#held.get(name)?.meaning
  }

  /** What is to stand beside a counter. */
  commentOf(name: CounterName): string | undefined {
    const held = this.#held.get(name)
    if (held !== undefined) return describe(held.meaning)
    const listed = this.#lists.get(name)
    return listed && describeList(listed)
  }

  put(set: SetName, key: Key, value: Value): void {
    const elements = this.#elements(set)
    const old = elements.get(key)
    if (old === value) return
    this.#remember(set, key, old)
    elements.set(key, value)
  }

  remove(set: SetName, key: Key): void {
    const elements = this.#elements(set)
    const old = elements.get(key)
    if (old === undefined) return
    this.#remember(set, key, old)
    elements.delete(key)
  }

  /** One more element needs this counter. */
  holdCounter(name: CounterName, meaning: CounterMeaning): void {
    const held = this.#held.get(name)
    if (held !== undefined) {
      held.uses++
      return
    }
    this.#held.set(name, { meaning, uses: 1 })
    this.#addCounter(name)
    for (const [list, hits] of memberLists(name, meaning)) {
      this.#lists.set(list, hits)
      this.#addCounter(list)
    }
  }

  /** One element less; the last one takes the counter along. */
  dropCounter(name: CounterName): void {
    const held = this.#held.get(name)
    if (held === undefined || --held.uses > 0) return
    this.#held.delete(name)
    this.#deleteCounter(name)
    for (const [list] of memberLists(name, held.meaning)) {
      this.#lists.delete(list)
      this.#deleteCounter(list)
    }
  }

  /** Runs writes that belong to no difference: the kernel gets the whole content afterwards. */
  unremembered(write: () => void): void {
    this.#remembers = false
    try {
      write()
    } finally {
      this.#remembers = true
    }
  }

  /** The net difference since the last flush; undefined where there is none. */
  flush(): Delta | undefined {
    const sets = new Map<SetName, SetDelta>()
    for (const [set, before] of this.#before) {
      const delta = this.#setDelta(set, before)
      if (delta.added.size + delta.deleted.size > 0) sets.set(set, delta)
    }
    const counters = this.#counterDelta()
    this.#before.clear()
    this.#countersBefore.clear()
    return sets.size + counters.added.size + counters.deleted.size === 0 ? undefined : { sets, counters }
  }

  #setDelta(set: SetName, before: ReadonlyMap<Key, Value | undefined>): SetDelta {
    const elements = this.#elements(set)
    const deleted = new Map<Key, Value>()
    const added = new Map<Key, Value>()
    for (const [key, old] of before) {
      const now = elements.get(key)
      if (now === old) continue
      if (old !== undefined) deleted.set(key, old)
      if (now !== undefined) added.set(key, now)
    }
    return { deleted, added }
  }

  #counterDelta(): Delta['counters'] {
    const added = new Set<CounterName>()
    const deleted = new Set<CounterName>()
    for (const [name, existed] of this.#countersBefore) {
      const exists = this.counters.has(name)
      if (exists && !existed) added.add(name)
      if (!exists && existed) deleted.add(name)
    }
    return { added, deleted }
  }

  #elements(set: SetName): Map<Key, Value> {
    const elements = this.sets.get(set)
    if (elements === undefined) throw new RangeError(`no set ${set}`)
    return elements
  }

  #remember(set: SetName, key: Key, old: Value | undefined): void {
    if (!this.#remembers) return
    const before = getOrAdd(this.#before, set, () => new Map<Key, Value | undefined>())
    if (!before.has(key)) before.set(key, old)
  }

  #addCounter(name: CounterName): void {
    this.#rememberCounter(name)
    this.counters.add(name)
  }

  #deleteCounter(name: CounterName): void {
    this.#rememberCounter(name)
    this.counters.delete(name)
  }

  #rememberCounter(name: CounterName): void {
    if (this.#remembers && !this.#countersBefore.has(name)) this.#countersBefore.set(name, this.counters.has(name))
  }
}
