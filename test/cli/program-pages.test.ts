import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { dropProgramPages } from '../../src/cli/program-pages.ts'

/** Of this process, in kB. */
function residentKB(kind: 'RssFile' | 'RssAnon'): number {
  return Number(new RegExp(`^${kind}:\\s+(\\d+) kB$`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))?.[1])
}

test('pages of the program that are not used any more go, and nothing else does; the program goes on', () => {
  const [file, anonymous] = [residentKB('RssFile'), residentKB('RssAnon')]
  dropProgramPages()
  expect(residentKB('RssFile')).toBeLessThan(file * 0.6)
  expect(residentKB('RssAnon')).toBeGreaterThan(anonymous - 1000)
  expect(JSON.parse(JSON.stringify([new Intl.NumberFormat('en').format(1e6), new RegExp('a+').exec('caab')?.[0]]))).toEqual(['1,000,000', 'aa'])
})
