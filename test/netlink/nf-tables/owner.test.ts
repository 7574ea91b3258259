// Whose the tables are: one agent at a time, and the rules outlive it.
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import type { Backend } from '../../../src/nftables/backend.ts'
import type { Content, CounterName, Key } from '../../../src/nftables/content.ts'
import { emptyContent } from '../../../src/nftables/diff.ts'
import { cleanup, replace } from '../../../src/nftables/transaction.ts'
import { createBackend, type BackendOptions } from '../../../src/netlink/create-backend.ts'
import { address, sameContent } from '../../nftables/contents.ts'
import { CAN, testNft, testOwned, WAYS } from './can.ts'
import { emptyKernel, type Kernel } from './kernel.ts'

const CONTENT: Content = { ...emptyContent(), sets: new Map([['class4', new Map([[address('10.0.0.1') as string as Key, 7]])]]) }

let kernel: Kernel
let open: Backend[]

beforeEach(() => {
  kernel = emptyKernel()
  open = []
})

afterEach(() => {
  for (const each of open) each.close()
  kernel.close()
})

function backend(options: Partial<BackendOptions> = {}): Backend {
  const made = createBackend({ kind: 'netlink', namespace: kernel.path, ...options })
  open.push(made)
  return made
}

/** Of tables that the netlink back end has made, by whether that lives: kernels without owners know nothing of it. */
const OWNED = CAN.ownedTables ? { self: 'self', dead: 'orphan' } : { self: 'none', dead: 'none' }

testOwned('while its owner lives nobody else can change a table', async () => {
  const first = backend()
  await first.commit(replace(CONTENT, new Map(), first.reader.state()))
  expect(first.reader.state().tables.get('inet')?.owner).toBe('self')
  for (const second of WAYS.map((kind) => backend({ kind }))) {
    expect(second.reader.state().tables.get('inet')?.owner).toBe('other')
    const taking = (async () => second.commit(replace(emptyContent(), new Map(), second.reader.state())))()
    await expect(taking).rejects.toMatchObject({ code: 'NODE_UNFIT' })
  }
  kernel.nft('flush ruleset')
  expect(sameContent((await kernel.content())!, CONTENT)).toBe(true)
})

test.each(WAYS)('rules outlive their owner, and the next agent (%s) takes them over in one commit', async (kind) => {
  const first = backend()
  await first.commit(replace(CONTENT, new Map(), first.reader.state()))
  first.close()
  const second = backend({ kind })
  expect(second.reader.state().tables.get('inet')?.owner).toBe(OWNED.dead)
  expect(sameContent((await kernel.content())!, CONTENT)).toBe(true)
  const before = second.reader.state().generation
  await second.commit(replace(emptyContent(), new Map(), second.reader.state()))
  expect(second.reader.state().generation).toBe(before + 1)
  expect(second.reader.state().tables.get('inet')?.owner).toBe(kind === 'nft' ? 'none' : OWNED.self)
})

testNft('tables of the nft back end are taken over by netlink', async () => {
  const first = backend({ kind: 'nft' })
  await first.commit(replace(CONTENT, new Map(), first.reader.state()))
  const second = backend()
  await second.commit(replace(CONTENT, new Map(), second.reader.state()))
  expect(second.reader.state().tables.get('bridge')?.owner).toBe(OWNED.self)
})

test.each(WAYS)('counters go on through a replacement, those of both tables as one (%s)', async (kind) => {
  kernel.nft(`table inet vethguard { counter in/a { packets 5 bytes 500; }
    counter spoofed { packets 1 bytes 10; }
  }
  table bridge vethguard { counter spoofed { packets 2 bytes 20; }
    counter stray { packets 4 bytes 40; }
  }`)
  const agent = backend({ kind })
  const counters = await agent.reader.counters()
  const names = new Set(['in/a', 'in/b'] as CounterName[])
  await agent.commit(replace({ ...emptyContent(), counters: names }, counters, agent.reader.state()))
  expect(Object.fromEntries(await agent.reader.counters())).toEqual({
    'in/a': { packets: 5, bytes: 500 },
    'in/b': { packets: 0, bytes: 0 },
    spoofed: { packets: 3, bytes: 30 },
    stray: { packets: 4, bytes: 40 },
    tunnelled: { packets: 0, bytes: 0 },
  })
})

test.each(WAYS)('cleanup removes both tables, owned, orphaned or missing, and nothing else (%s)', async (kind) => {
  kernel.nft('add table inet other')
  const owner = backend()
  await owner.commit(replace(CONTENT, new Map(), owner.reader.state()))
  owner.close()
  const agent = backend({ kind })
  await agent.commit(cleanup(agent.reader.state()))
  expect(agent.reader.state().tables.size).toBe(0)
  expect(await kernel.content()).toBeUndefined()
  await agent.commit(cleanup(agent.reader.state()))
  expect(kernel.list()).toBe('table inet other {\n}\n')
})
