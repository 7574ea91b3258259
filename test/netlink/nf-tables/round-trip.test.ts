// Any content, and any change from one to another, through the real kernel and back.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Backend } from '../../../src/nftables/backend.ts'
import type { Delta } from '../../../src/nftables/content.ts'
import { diff, emptyContent } from '../../../src/nftables/diff.ts'
import { replace, update } from '../../../src/nftables/transaction.ts'
import { createBackend } from '../../../src/netlink/create-backend.ts'
import { anyContent, sameContent } from '../../nftables/contents.ts'
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
      await netlink.commit(replace(a, new Map(), netlink.state()))
      expectSame(await netlink.readContent(), a)
      await netlink.commit(update(diff(a, b)))
      expectSame(await netlink.readContent(), b)
    }),
    { numRuns: 300 },
  )
})

test('one change after the other, and none is left behind', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyContent, { minLength: 2, maxLength: 6 }), async (contents) => {
      await netlink.commit(replace(emptyContent(), new Map(), netlink.state()))
      let current = emptyContent()
      for (const next of [...contents, emptyContent()]) {
        await netlink.commit(update(diff(current, next)))
        current = next
        expectSame(await netlink.readContent(), current)
      }
    }),
    { numRuns: 60 },
  )
})

test('both back ends list the same, after replacing and after updating', async () => {
  await fc.assert(
    fc.asyncProperty(anyContent, anyContent, async (a, b) => {
      const listings: string[] = []
      for (const backend of [netlink, nft]) {
        await backend.commit(replace(a, new Map(), backend.state()))
        listings.push(sortedElements(kernel.list()))
        // The one thing that nft cannot do; see nft-program.test.ts.
        const needsReplacement = onlyLastAddress(diff(a, b))
        await backend.commit(needsReplacement ? replace(b, new Map(), backend.state()) : update(diff(a, b)))
        listings.push(sortedElements(kernel.list()))
      }
      expect(listings.slice(2)).toEqual(listings.slice(0, 2))
    }),
    { numRuns: 40 },
  )
})

function onlyLastAddress({ sets }: Delta): boolean {
  return (['cidr4', 'cidr6'] as const).some((set) => [...(sets.get(set)?.deleted.keys() ?? [])].some((key) => /^\xff+$/.test(key)))
}

function expectSame(actual: Awaited<ReturnType<Backend['readContent']>>, expected: NonNullable<typeof actual>): void {
  if (!sameContent(actual!, expected)) expect(actual).toEqual(expected)
}
