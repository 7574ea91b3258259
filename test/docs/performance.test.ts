// Documents show what bench/results has: UPDATE_GOLDEN=1 writes their tables again.
import { readFileSync, writeFileSync } from 'node:fs'
import process from 'node:process'
import { expect, test } from '@jest/globals'
import { TABLES } from './figures.ts'

const DOCUMENTS = ['docs/performance.md', 'README.md']

function urlOf(document: string): URL {
  return new URL(`../../${document}`, import.meta.url)
}

/** A document with other tables. */
function written(text: string, make: (name: string, table: string) => string): string {
  return text.replace(/(<!-- bench: (\w+) -->\n\n)((?:\|.*\n)*)/g, (_, marker: string, name: string, table: string) => marker + make(name, table))
}

test('every table is shown', () => {
  const names = new Set<string>()
  for (const document of DOCUMENTS) {
    written(readFileSync(urlOf(document), 'utf8'), (name, table) => {
      names.add(name)
      return table
    })
  }
  expect([...names].sort()).toEqual(Object.keys(TABLES).sort())
})

test.each(DOCUMENTS)('%s', (document) => {
  const made = (name: string): string => TABLES[name]!()
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(urlOf(document), written(readFileSync(urlOf(document), 'utf8'), made))
  const text = readFileSync(urlOf(document), 'utf8')
  expect(text).toBe(written(text, made))
})
