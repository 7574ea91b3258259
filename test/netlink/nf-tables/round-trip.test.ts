// Any content, and any change from one to another, through the real kernel and back.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Backend } from '../../../src/nftables/backend.ts'
import type { Content, CounterName, Delta, Key, Value } from '../../../src/nftables/content.ts'
import { diff, emptyContent } from '../../../src/nftables/diff.ts'
import { SET_NAMES } from '../../../src/nftables/schema.ts'
import { replace, update } from '../../../src/nftables/transaction.ts'
import { createBackend } from '../../../src/netlink/create-backend.ts'
import { anyContent, sameContent } from '../../nftables/contents.ts'
import { repeats } from '../../../lab/patience.ts'
import { testNft } from './can.ts'
import { emptyKernel, sortedElements, type Kernel } from './kernel.ts'

let kernel: Kernel
let netlink: Backend
let nft: Backend

beforeAll(() => {
  kernel = emptyKernel()
  netlink = createBackend({ kind: 'netlink', namespace: kernel.path, own: false })
  nft = createBackend({ kind: 'nft', namespace: kernel.path })
})

afterAll(() => {
  netlink.close()
  kernel.close()
})

test('after replace(a) the kernel holds a, after update(diff(a, b)) b', async () => {
  await fc.assert(
    fc.asyncProperty(anyContent, anyContent, async (a, b) => {
      await netlink.commit(replace(a, new Map(), netlink.reader.state()))
      expectSame(await kernel.content(), a)
      await netlink.commit(update(diff(a, b)))
      expectSame(await kernel.content(), b)
    }),
    { numRuns: repeats(300) },
  )
})

test('one change after the other, and none is left behind', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyContent, { minLength: 2, maxLength: 6 }), async (contents) => {
      await netlink.commit(replace(emptyContent(), new Map(), netlink.reader.state()))
      let current = emptyContent()
      for (const next of [...contents, emptyContent()]) {
        await netlink.commit(update(diff(current, next)))
        current = next
        expectSame(await kernel.content(), current)
      }
    }),
    { numRuns: repeats(60) },
  )
})

testNft('both back ends list the same, after replacing and after updating', async () => {
  await fc.assert(
    fc.asyncProperty(anyContent, anyContent, async (a, b) => {
      const listings: string[] = []
      for (const backend of [netlink, nft]) {
        await backend.commit(replace(a, new Map(), backend.reader.state()))
        listings.push(sortedElements(kernel.list()))
        // The one thing that nft cannot do; see nft-program.test.ts.
        const needsReplacement = onlyLastAddress(diff(a, b))
        await backend.commit(needsReplacement ? replace(b, new Map(), backend.reader.state()) : update(diff(a, b)))
        listings.push(sortedElements(kernel.list()))
      }
      expect(listings.slice(2)).toEqual(listings.slice(0, 2))
    }),
    { numRuns: repeats(40) },
  )
})

test('elements and counters that are asked for by name are those of a look at everything, and those that are not there are left out', async () => {
  await fc.assert(
    fc.asyncProperty(anyContent, anyContent, async (a, b) => {
      await netlink.commit(replace(a, new Map([...a.counters].map((name, index) => [name, { packets: index, bytes: 0 }])), netlink.reader.state()))
      for (const set of SET_NAMES) {
        const [there, others] = [a.sets.get(set)!, b.sets.get(set)!]
        expect(sorted(netlink.reader.elementsNow(set, new Set([...there.keys(), ...others.keys()])))).toEqual(sorted(there))
        const visited: [Key, Value][] = []
        expect(await netlink.reader.eachElement(set, (key, value) => visited.push([key, value]))).toBe(true)
        expect(sorted(visited)).toEqual(sorted(there))
      }
      const counters = netlink.reader.countersNow(new Set([...a.counters, ...b.counters]))
      expect(new Map(counters)).toEqual(new Map([...a.counters].map((name, index) => [name, { packets: index, bytes: 0 }])))
    }),
    { numRuns: repeats(60) },
  )
})

test('the structure stays the same through any change of elements and counters', async () => {
  await netlink.commit(replace(emptyContent(), new Map(), netlink.reader.state()))
  const structure = netlink.reader.structure()
  let current = emptyContent()
  await fc.assert(
    fc.asyncProperty(anyContent, async (next) => {
      await netlink.commit(update(diff(current, next)))
      current = next
      expect(netlink.reader.structure() === structure).toBe(true)
    }),
    { numRuns: repeats(60) },
  )
})

testNft('comments of counters are read back, and both back ends list them the same', async () => {
  const comment = `shop: ${'a'.repeat(121)}`
  const name = 'in/set-0f3a' as CounterName
  const counters = new Map([[name, { packets: 3, bytes: 4, comment }]])
  const listings: string[] = []
  for (const backend of [netlink, nft]) {
    await backend.commit(replace({ ...emptyContent(), counters: new Set([name]) }, counters, backend.reader.state()))
    expect((await backend.reader.counters()).get(name)).toEqual({ packets: 3, bytes: 4, comment })
    expect(backend.reader.countersNow([name])).toEqual(counters)
    listings.push(kernel.list())
  }
  expect(listings[0]).toContain(`comment "${comment}"`)
  expect(listings[1]).toBe(listings[0])
  kernel.nft(`flush ruleset\n${listings[0]!}`)
  expect(kernel.list()).toBe(listings[0])
})

function sorted(elements: Iterable<readonly [Key, Value]>): (readonly [Key, Value])[] {
  return [...elements].sort(([a], [b]) => (a < b ? -1 : 1))
}

function onlyLastAddress({ sets }: Delta): boolean {
  return (['cidr4', 'cidr6', 'tier_cidr4', 'tier_cidr6'] as const).some((set) => [...(sets.get(set)?.deleted.keys() ?? [])].some((key) => /^\xff+$/.test(key)))
}

function expectSame(actual: Content | undefined, expected: Content): void {
  if (!sameContent(actual!, expected)) expect(actual).toEqual(expected)
}
