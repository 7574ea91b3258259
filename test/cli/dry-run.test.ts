// What a dry run logs: text that a person can read, in lines that a container runtime does not cut.
import { expect, test } from '@jest/globals'
import pino from 'pino'
import { dryRun } from '../../src/cli/dry-run.ts'
import type { Content, CounterName, Key } from '../../src/nftables/content.ts'
import { diff, emptyContent } from '../../src/nftables/diff.ts'
import { render } from '../../src/nftables/render.ts'
import { replace, type Transaction, update } from '../../src/nftables/transaction.ts'

interface Line {
  readonly level: string
  readonly msg: string
  readonly nft?: string
  readonly [field: string]: unknown
}

/** Of containerd and CRI-O. */
const LONGEST_LINE = 16 * 1024

/** With what each element and counter of a cluster has at most: long names, and many elements. */
function contentOf(size: number, counters = size): Content {
  const numbers = Array.from({ length: size }, (_, n) => n)
  const address = (n: number): Key => String.fromCharCode(10, 0, n >> 8, n & 255) as Key
  return {
    ...emptyContent(),
    sets: new Map([...emptyContent().sets, ['in_judged4', new Map(numbers.map((n) => [address(n), true as const]))]]),
    counters: new Set(Array.from({ length: counters }, (_, n) => `in/${'n'.repeat(63)}/${'p'.repeat(180)}${n}` as CounterName)),
  }
}

/** What is logged of a transaction, in a kernel that has this already. */
function logged(level: 'info' | 'debug' | 'silent', transaction: Transaction, before = emptyContent()): { readonly lines: Line[]; readonly sizes: number[] } {
  const texts: string[] = []
  const formatters = { level: (level: string) => ({ level }) }
  const kernel = dryRun(pino({ level, base: { node: 'n'.repeat(253) }, formatters }, { write: (text) => void texts.push(text) }))
  void kernel.commit(replace(before, new Map()))
  texts.length = 0
  void kernel.commit(transaction)
  return { lines: texts.map((text) => JSON.parse(text) as Line), sizes: texts.map((text) => Buffer.byteLength(text)) }
}

function nftIn(lines: readonly Line[]): string {
  return lines.map(({ nft = '' }) => nft).join('')
}

test('a small change is one line, with numbers and its text', () => {
  const change = update(diff(contentOf(1), contentOf(3)))
  const { lines } = logged('info', change, contentOf(1))
  expect(lines).toEqual([expect.objectContaining({
    level: 'info', msg: 'would be done; the kernel is left as it is', whole: false, sets: { in_judged4: '+2' }, counters: '+2', nft: render(change),
  })])
})

test('a text that a person can read is told whole, in lines that nobody cuts', () => {
  const start = replace(contentOf(150), new Map())
  const { lines, sizes } = logged('info', start)
  expect(render(start).length).toBeGreaterThan(2 * LONGEST_LINE)
  expect(nftIn(lines)).toBe(render(start))
  expect(Math.max(...sizes)).toBeLessThan(LONGEST_LINE)
  for (const { nft } of lines) expect(nft).toMatch(/\n$/) // no line of it is torn
})

test('a longer one is told in numbers, and at debug as text', () => {
  const start = replace(contentOf(5000), new Map())
  const { lines } = logged('info', start)
  expect(lines).toEqual([expect.objectContaining({
    msg: 'would be done; the kernel is left as it is; --log-level debug shows it as nft text', whole: true, sets: expect.objectContaining({ in_judged4: '+5000' }),
  })])
  expect(lines[0]).not.toHaveProperty('nft')
  const asked = logged('debug', start)
  expect(nftIn(asked.lines)).toBe(render(start))
  expect(Math.max(...asked.sizes)).toBeLessThan(LONGEST_LINE)
  expect(new Set(asked.lines.slice(1).map(({ level }) => level))).toEqual(new Set(['debug']))
  expect(nftIn(logged('info', replace(contentOf(1, 1000), new Map())).lines)).toBe('') // counters have lines, too
})

test('silent: not a word', () => {
  expect(logged('silent', replace(contentOf(3), new Map())).lines).toEqual([])
})
