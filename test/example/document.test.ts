// docs/example.md shows the worked example as it is: UPDATE_GOLDEN=1 writes its blocks again.
import { readFileSync, writeFileSync } from 'node:fs'
import process from 'node:process'
import { expect, test } from '@jest/globals'
import { render } from '../../src/nftables/render.ts'
import { update } from '../../src/nftables/transaction.ts'
import { beginnings, edge, manifest, shop } from './example.ts'
import { peersOf } from './nouns.ts'

const DOCUMENT = new URL('../../docs/example.md', import.meta.url)

/** What stands in the document behind `<!-- example: NAME -->`. */
const BLOCKS: Readonly<Record<string, () => string>> = {
  'the shop': () => manifest('shop'),
  peers: () => text(peersOf(shop().compiler)),
  elements: () => nft(shop()),
  'the edge': () => manifest('edge'),
  'what the edge changes': () => nft(edge()),
}

function nft({ compiler, delta }: ReturnType<typeof shop>): string {
  return render(update(delta, beginnings(compiler, { counters: delta.counters.added })))
}

function text(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('')
}

const FENCE = '```\n'

/** The document with other blocks. */
function written(document: string, make: (name: string, block: string) => string): string {
  return document.replace(/<!-- example: ([\w ]+) -->\n\n```\w*\n([^]*?)```\n/g, (all, name: string, block: string) => (
    all.slice(0, all.length - FENCE.length - block.length) + make(name, block) + FENCE
  ))
}

test('shows every block of the example', () => {
  const names: string[] = []
  written(readFileSync(DOCUMENT, 'utf8'), (name, block) => {
    names.push(name)
    return block
  })
  expect(names).toEqual(Object.keys(BLOCKS))
})

test.each(Object.entries(BLOCKS))('%s', (name, block) => {
  const made = (each: string, old: string): string => (each === name ? block() : old)
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(DOCUMENT, written(readFileSync(DOCUMENT, 'utf8'), made))
  const document = readFileSync(DOCUMENT, 'utf8')
  expect(document).toBe(written(document, made))
})
