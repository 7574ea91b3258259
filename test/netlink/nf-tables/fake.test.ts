// The fake kernel beside the real one: what it takes the kernel takes, with the same content afterwards, and what it refuses the kernel
// refuses. In some things it asks more: see STRICTER.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { createBackend } from '../../../src/netlink/create-backend.ts'
import type { Backend } from '../../../src/nftables/backend.ts'
import type { Content, CounterName } from '../../../src/nftables/content.ts'
import { diff } from '../../../src/nftables/diff.ts'
import { FakeKernel } from '../../../src/nftables/fake/kernel.ts'
import { render } from '../../../src/nftables/render.ts'
import { type Command, replace, type Transaction, update } from '../../../src/nftables/transaction.ts'
import { anyContent, sameContent } from '../../nftables/contents.ts'
import { asyncProperty } from '../../property.ts'
import { emptyKernel, type Kernel } from './kernel.ts'

/**
 * The kernel deletes an element whatever its value is, leaves a counter as it is that is added once more, and does not see every overlap:
 * a range of ports that contains another (pipapo), or one that ends with the address space (rbtree).
 */
const STRICTER = /^(delete element .*: its value is|add counter .*: it exists|add element .*: ranges overlap)/

let kernel: Kernel
let backend: Backend
beforeAll(() => {
  kernel = emptyKernel()
  backend = createBackend({ kind: 'netlink', namespace: kernel.path, own: false })
})
afterAll(() => {
  backend.close()
  kernel.close()
})

interface Scenario {
  readonly before: Content
  readonly transaction: Transaction
}

/** What turns one content into another, in a kernel that has it, or another one; with a command less, or in another order. */
const scenarioArb: fc.Arbitrary<Scenario> = fc
  .record({ before: anyContent, believed: fc.option(anyContent, { freq: 2 }), after: anyContent, change: fc.constantFrom('none', 'none', 'less', 'swapped', 'twice'), at: fc.nat() })
  .map(({ before, believed, after, change, at }) => ({ before, transaction: { commands: changed(update(diff(believed ?? before, after)).commands, change, at) } }))

function changed(commands: readonly Command[], change: string, at: number): readonly Command[] {
  const index = at % Math.max(1, commands.length)
  const command = commands[index]
  if (command === undefined || change === 'none') return commands
  if (change === 'twice') return [...commands, command]
  const others = commands.toSpliced(index, 1)
  return change === 'less' ? others : [...others, command]
}

async function commitTo(to: Backend, transaction: Transaction): Promise<Error | undefined> {
  try {
    await to.commit(transaction)
    return undefined
  } catch (error) {
    return error as Error
  }
}

test('both take and refuse the same', async () => {
  const outcomes = { taken: 0, refused: 0 }
  await asyncProperty(scenarioArb, async ({ before, transaction }) => {
    const fake = new FakeKernel()
    await fake.commit(replace(before, new Map()))
    await backend.commit(replace(before, new Map(), backend.reader.state()))
    const [imagined, real] = [await commitTo(fake, transaction), await commitTo(backend, transaction)]
    if (imagined !== undefined && STRICTER.test(imagined.message)) return
    outcomes[imagined === undefined ? 'taken' : 'refused']++
    expect({ imagined: imagined?.message, isRefused: real !== undefined, real: real?.message }).toEqual({
      imagined: imagined?.message, isRefused: imagined !== undefined, real: real?.message,
    })
    expect(sameContent((await kernel.content())!, fake.content)).toBe(true)
  })
  expect(Math.min(outcomes.taken, outcomes.refused)).toBeGreaterThan(0)
})

test('names and comments that it refuses nft cannot write', () => {
  const cases: readonly (readonly [string, string | undefined])[] = [
    ['in/shop/web', 'shop: web'], ['in/shop/web', 'a'.repeat(127)], ['in/shop/web', 'a'.repeat(129)], ['in/shop/web', 'say "no"'], ['a'.repeat(255), undefined],
    ['a'.repeat(256), undefined], ['9pods', undefined], ['in shop', undefined],
  ]
  for (const [name, comment] of cases) {
    const counter: Command = { add: 'counter', family: 'inet', name: name as CounterName, value: { packets: 0, bytes: 0, comment } }
    const transaction: Transaction = { commands: [{ add: 'table', family: 'inet', flags: [] }, counter] }
    const isTaken = isDone(() => void new FakeKernel().commit(transaction))
    expect([name, comment, isTaken]).toEqual([name, comment, isDone(() => kernel.nft(render(transaction), '--check'))])
  }
})

function isDone(what: () => unknown): boolean {
  try {
    what()
    return true
  } catch {
    return false
  }
}
