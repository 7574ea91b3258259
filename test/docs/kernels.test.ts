// What docs/configuration.md says of kernels is what the agent tries, and what came of the last runs of `npm run test:kernels`.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { NEEDED, USEFUL } from '../../src/netlink/nf-tables/features.ts'
import { storedResults } from '../kernels/results.ts'
import { resultsTable } from '../kernels/table.ts'

const TEXT = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'configuration.md'), 'utf8')

test('features of the kernel: each with the first Linux that has it, and what the agent does without it', () => {
  const rows = [
    ...Object.values(NEEDED).map(({ name, since, remedy }) => [name, since, `does not start, and says so${remedy === undefined ? '' : ` (${remedy})`}`]),
    ...Object.values(USEFUL).map(({ name, since, without }) => [name, since, without]),
  ]
  const table = [['feature', 'since', 'what the agent does without it'], ['---', '---', '---'], ...rows]
  expect(TEXT).toContain(table.map((cells) => `| ${cells.join(' | ')} |\n`).join(''))
})

test('tested kernels: the table is made of the stored results', () => {
  expect(TEXT).toContain(`\n${resultsTable(storedResults())}\n`)
})

test('a run of all tests passed on each of these kernels', () => {
  const results = storedResults()
  expect(Object.keys(results)).toEqual(expect.arrayContaining(['6.1', '6.12']))
  for (const { files } of Object.values(results)) expect(files.filter(({ result }) => result !== 'passed')).toEqual([])
})
