// The worked example: what the compiler of node `one` makes of shop.yaml, and what changes when edge.yaml comes.
import { readFileSync } from 'node:fs'
import { Compiler } from '../../src/compiler/compiler.ts'
import { readObject } from '../../src/manifests/objects.ts'
import { parseManifest } from '../../src/manifests/parse.ts'
import type { Content, CounterName, Delta } from '../../src/nftables/content.ts'
import { type CounterValue, ZERO } from '../../src/nftables/transaction.ts'
import type { Change } from '../../src/source.ts'

export const NODE = 'one'

export function manifest(name: 'shop' | 'edge'): string {
  return readFileSync(new URL(`${name}.yaml`, import.meta.url), 'utf8')
}

export function changesIn(text: string): Change[] {
  const { documents, errors } = parseManifest('example.yaml', text)
  const readings = documents.map(({ value }) => readObject(value))
  const problems = [...errors, ...readings.flatMap((reading) => reading.problems)]
  if (problems.length > 0) throw new Error(JSON.stringify(problems))
  return readings.flatMap(({ changes }) => changes)
}

/** The shop, and what it takes to get there from nothing. */
export function shop(): { readonly compiler: Compiler; readonly delta: Delta } {
  const compiler = new Compiler(NODE)
  return { compiler, delta: applied(compiler, changesIn(manifest('shop'))) }
}

/** The shop with the ClusterNetworkPolicy, and what that changes. */
export function edge(): { readonly compiler: Compiler; readonly delta: Delta } {
  const { compiler } = shop()
  return { compiler, delta: applied(compiler, changesIn(manifest('edge'))) }
}

/** What new counters begin with: nothing, and the comment that says whose they are. */
export function beginnings(compiler: Compiler, { counters }: Pick<Content, 'counters'>): Map<CounterName, CounterValue> {
  return new Map(Array.from(counters, (name) => [name, { ...ZERO, comment: compiler.counters.commentOf(name) }]))
}

function applied(compiler: Compiler, changes: readonly Change[]): Delta {
  const delta = compiler.apply(changes)
  if (delta === undefined) throw new Error('nothing changes')
  return delta
}
