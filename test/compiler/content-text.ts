// A content as lines that a person can read: every element as nft spells it, every counter by its name.
import type { Content, Delta, Key, Value } from '../../src/nftables/content.ts'
import { elementText } from '../../src/nftables/element-text.ts'
import type { SetName } from '../../src/nftables/schema.ts'

/** `verdict_ports 0:1 . tcp . 80 : "in/x/web"`, sorted. */
export function linesOf({ sets, counters }: Content): string[] {
  return [...[...sets].flatMap(([set, elements]) => elementLines(set, elements)), ...Array.from(counters, (name) => `counter ${name}`)].sort()
}

/** The same of what changes: `- self4 10.0.0.1 . 10.0.0.1`, `+ counter in/x/web`. */
export function changedLines(delta: Delta | undefined): string[] {
  if (delta === undefined) return []
  const of = (which: 'deleted' | 'added'): string[] => linesOf({
    sets: new Map([...delta.sets].map(([set, change]) => [set, change[which]])),
    counters: delta.counters[which],
  })
  return [...of('deleted').map((line) => `- ${line}`), ...of('added').map((line) => `+ ${line}`)]
}

function elementLines(set: SetName, elements: ReadonlyMap<Key, Value>): string[] {
  return Array.from(elements, ([key, value]) => `${set} ${elementText(set, key, value)}`)
}
