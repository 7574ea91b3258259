// How commits behave: order, size, failure.
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { addressFromBytes } from '../../../src/cluster/address.ts'
import { NetlinkError } from '../../../src/base/errors.ts'
import type { Backend } from '../../../src/nftables/backend.ts'
import type { Content, CounterName, Key, Value } from '../../../src/nftables/content.ts'
import { diff, emptyContent } from '../../../src/nftables/diff.ts'
import type { SetName } from '../../../src/nftables/schema.ts'
import { replace, update, type Transaction } from '../../../src/nftables/transaction.ts'
import { createBackend } from '../../../src/netlink/create-backend.ts'
import { errnoOf, messages } from '../../../src/netlink/message.ts'
import { encode } from '../../../src/netlink/nf-tables/encode.ts'
import { NetfilterSocket } from '../../../src/netlink/nf-tables/socket.ts'
import { address, sameContent } from '../../nftables/contents.ts'
import { emptyKernel, type Kernel } from './kernel.ts'

let kernel: Kernel
let backend: Backend

beforeAll(() => {
  kernel = emptyKernel()
  backend = createBackend({ kind: 'netlink', namespace: kernel.path, own: false })
})

beforeEach(async () => {
  await backend.commit(replace(emptyContent(), new Map(), backend.reader.state()))
})

afterAll(() => {
  backend.close()
  kernel.close()
})

test('a small commit is done when it returns; a large one is done by a promise, and what follows waits for it', async () => {
  const some = classes(10)
  expect(backend.commit(update(diff(emptyContent(), some)))).toBeUndefined()
  const many = classes(50_000)
  const large = backend.commit(update(diff(some, many)))
  expect(large).toBeInstanceOf(Promise)
  const small = backend.commit(update(diff(many, some)))
  expect(small).toBeInstanceOf(Promise)
  await Promise.all([large, small])
  expect(sameContent((await kernel.content())!, some)).toBe(true)
})

test('a large content arrives whole, and is read back whole right after', async () => {
  const many = classes(100_000)
  await backend.commit(replace(many, new Map(), backend.reader.state()))
  expect(sameContent((await kernel.content())!, many)).toBe(true)
})

test('an empty transaction does not touch the kernel', () => {
  const { generation } = backend.reader.state()
  expect(backend.commit({ commands: [] })).toBeUndefined()
  expect(backend.reader.state().generation).toBe(generation)
})

test('a refused command is named as nft would write it, and nothing of its transaction is done', async () => {
  const before = kernel.list()
  const good = update(diff(emptyContent(), classes(2))).commands
  const bad = update(diff(oneElement('in_deny4', address('10.0.0.9'), 'in/no/such'), emptyContent())).commands
  const error = thrownBy(() => backend.commit({ commands: [...good, ...bad] }))
  expect(error).toBeInstanceOf(NetlinkError)
  expect(error).toMatchObject({ code: 'NETLINK', errno: 2 })
  expect((error as Error).message).toContain('delete element inet vethguard in_deny4 { 10.0.0.9 : "in/no/such" }: ENOENT')
  expect(kernel.list()).toBe(before)
  await backend.commit({ commands: good })
  expect(sameContent((await kernel.content())!, classes(2))).toBe(true)
})

test('a large refused transaction rejects, and the next one is not held up', async () => {
  const wrong = update(diff(classes(20_000), emptyContent()))
  const failing = backend.commit(wrong)
  const next = backend.commit(update(diff(emptyContent(), classes(3))))
  await expect(failing).rejects.toMatchObject({ code: 'NETLINK', errno: 2 })
  await next
  expect(sameContent((await kernel.content())!, classes(3))).toBe(true)
})

test('several refusals: the first is thrown, the others are its cause', () => {
  const wrong: Transaction = {
    commands: ['in/x', 'in/y'].map((name) => ({ delete: 'counter', family: 'inet', name: name as CounterName })),
  }
  const error = thrownBy(() => backend.commit(wrong)) as Error
  expect(error.message).toContain('delete counter inet vethguard in/x')
  expect(String((error.cause as AggregateError).errors)).toContain('delete counter inet vethguard in/y: ENOENT')
})

test('after more refusals than the socket has room for, the next batch is told its own answers only', async () => {
  const names = Array.from({ length: 60_000 }, (_, index) => `in/${index}` as CounterName)
  const wrong: Transaction = { commands: names.map((name) => ({ delete: 'counter', family: 'inet', name })) }
  await expect(Promise.resolve(backend.commit(wrong))).rejects.toMatchObject({ code: 'NETLINK', errno: 2 })
  await backend.commit(update(diff(emptyContent(), classes(3))))
  expect(sameContent((await kernel.content())!, classes(3))).toBe(true)
})

test('lists of elements are split where an attribute ends, none is lost, and each message is known by its command', () => {
  const [command] = update(diff(emptyContent(), classes(5_000))).commands
  const { bytes, commandOf, nextSequence } = encode({ commands: [command!] }, 7)
  const all = [...messages(bytes, bytes.length)]
  expect(all.map(({ sequence }) => sequence)).toEqual(Array.from({ length: nextSequence - 7 }, (_, index) => index + 7))
  expect(all.length).toBeGreaterThan(4)
  const frame = [all[0]!.sequence, all.at(-1)!.sequence]
  for (const { sequence, start, end } of all) {
    expect(commandOf(sequence)).toBe(frame.includes(sequence) ? undefined : command)
    expect(end - start).toBeLessThan(66_000)
  }
})

test('sequence numbers begin again long before they end', () => {
  const commands = update(diff(emptyContent(), classes(10))).commands
  expect(encode({ commands }, 2 ** 31 - 10).nextSequence).toBeLessThan(2 ** 31)
  expect(encode({ commands }, 2 ** 31).nextSequence).toBe(1)
})

test('where the end of a batch is not acknowledged, its last command is', () => {
  const socket = new NetfilterSocket(kernel.path)
  const batch = encode(update(diff(emptyContent(), classes(5_000))), 100, 'last command')
  socket.send(batch.bytes)
  const answers = [...socket.receiveAll()].map((answer) => [answer.sequence, errnoOf(answer)])
  socket.close()
  expect(answers).toEqual([[batch.proof, 0]])
  expect(batch.proof).toBe(batch.nextSequence - 2)
})

test('reading goes on beside commits', async () => {
  await backend.commit(update(diff(emptyContent(), classes(20_000))))
  const reads = [kernel.content(), backend.reader.counters(), kernel.content()] as const
  expect(backend.reader.state().tables.size).toBe(2)
  const [first, counters, second] = await Promise.all(reads)
  expect([...counters.keys()].sort()).toEqual(['spoofed', 'stray', 'tunnelled'])
  expect(sameContent(first!, second!)).toBe(true)
})

test('after close() nothing reaches another file by accident', async () => {
  const closed = createBackend({ kind: 'netlink', namespace: kernel.path, own: false })
  closed.close()
  closed.close()
  expect(() => closed.reader.state()).toThrow(/send/)
  await expect(closed.reader.counters()).rejects.toThrow(/send/)
})

function classes(count: number): Content {
  const elements = Array.from({ length: count }, (_, index): [Key, Value] => {
    return [addressFromBytes([10, index >> 16, (index >> 8) & 255, index & 255]) as string as Key, (index % 1000) + 1]
  })
  return { ...emptyContent(), sets: new Map([['class4', new Map(elements)]]) }
}

function oneElement(set: SetName, key: string, value: Value): Content {
  return { ...emptyContent(), sets: new Map([[set, new Map([[key as Key, value]])]]) }
}

function thrownBy(action: () => unknown): unknown {
  try {
    action()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}
