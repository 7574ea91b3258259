// A commit that falls into the judgement of a packet: its first look-ups find the old content, the later ones the new.
import type { Content, Key, Value } from '../../src/nftables/content.ts'
import { schemaOf, type SetName } from '../../src/nftables/schema.ts'

/** What a judgement says if a commit falls in before its first look-up, its second one, … and after the last. */
export function* torn<T>(before: Content, after: Content, judge: (content: Content) => T): Iterable<T> {
  for (let whole = 0, asked = Infinity; whole <= asked; whole++) {
    let count = 0
    const get = (set: SetName): ReadonlyMap<Key, Value> | undefined => (count++ < whole ? before : after).sets.get(set)
    yield judge({ counters: before.counters, sets: { get } as unknown as Content['sets'] })
    asked = count
  }
}

/** What is left of a table's content for the packets that are in its chains when the table is deleted. */
export function deleted({ sets, counters }: Content): Content {
  return { sets: new Map([...sets].filter(([name]) => schemaOf(name).data === undefined)), counters }
}
