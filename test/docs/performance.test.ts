// docs/performance.md shows what bench/results has: UPDATE_GOLDEN=1 writes its tables again.
import { readFileSync, writeFileSync } from 'node:fs'
import process from 'node:process'
import { expect, test } from '@jest/globals'
import { TABLES } from './figures.ts'

const DOCUMENT = new URL('../../docs/performance.md', import.meta.url)

/** The document with other tables. */
function written(document: string, make: (name: string, table: string) => string): string {
  return document.replace(/(<!-- bench: (\w+) -->\n\n)((?:\|.*\n)*)/g, (_, marker: string, name: string, table: string) => marker + make(name, table))
}

test('shows every table', () => {
  const names: string[] = []
  written(readFileSync(DOCUMENT, 'utf8'), (name, table) => {
    names.push(name)
    return table
  })
  expect(names.sort()).toEqual(Object.keys(TABLES).sort())
})

test.each(Object.entries(TABLES))('%s', (name, make) => {
  const made = (each: string, old: string): string => (each === name ? make() : old)
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(DOCUMENT, written(readFileSync(DOCUMENT, 'utf8'), made))
  const document = readFileSync(DOCUMENT, 'utf8')
  expect(document).toBe(written(document, made))
})
