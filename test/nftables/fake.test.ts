// The imagined kernel has what was put into it.
import { expect, test } from '@jest/globals'
import { DryRun } from '../../src/nftables/fake.ts'
import { diff, emptyContent } from '../../src/nftables/diff.ts'
import { replace, type Transaction, update } from '../../src/nftables/transaction.ts'
import type { Content, Key } from '../../src/nftables/content.ts'

function contentOf(...keys: string[]): Content {
  return { sets: new Map([['veths', new Map(keys.map((key) => [key.padEnd(16, '\0') as Key, true as const]))]]), counters: new Set() }
}

test('it tells each transaction, and has what they make', async () => {
  const told: Transaction[] = []
  const dry = new DryRun((transaction) => told.push(transaction))
  const keys = async (): Promise<string[]> => {
    const found: string[] = []
    expect(await dry.reader.eachElement('veths', (key) => found.push(key.replaceAll('\0', '')))).toBe(true)
    return found
  }
  expect(await dry.reader.eachElement('veths', () => undefined)).toBe(false)
  const [first, second] = [contentOf('a', 'b'), contentOf('b', 'c')]
  const transactions = [replace(first, new Map(), dry.reader.state()), update(diff(first, second))]
  dry.commit(transactions[0]!)
  expect(await keys()).toEqual(['a', 'b'])
  dry.commit(transactions[1]!)
  expect(await keys()).toEqual(['b', 'c'])
  expect(told).toEqual(transactions)
  expect(dry.reader.state().generation).toBe(2)
  dry.commit(replace(emptyContent(), new Map(), dry.reader.state()))
  expect(await keys()).toEqual([])
})
