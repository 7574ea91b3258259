// What only the nft back end does.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { Backend } from '../../src/nftables/backend.ts'
import type { Content, Key, Value } from '../../src/nftables/content.ts'
import { diff, emptyContent } from '../../src/nftables/diff.ts'
import { replace, update } from '../../src/nftables/transaction.ts'
import { createBackend } from '../../src/netlink/create-backend.ts'
import { NftBackend } from '../../src/netlink/nft-program.ts'
import { address, sameContent } from '../nftables/contents.ts'
import { CAN } from './nf-tables/can.ts'
import { emptyKernel, type Kernel } from './nf-tables/kernel.ts'

let kernel: Kernel
let backend: Backend

const describeNft = CAN.nft ? describe : describe.skip

describeNft('nft', () => {
  beforeAll(() => {
    kernel = emptyKernel()
    backend = createBackend({ kind: 'nft', namespace: kernel.path })
  })

  beforeEach(async () => {
    await backend.commit(replace(emptyContent(), new Map(), backend.reader.state()))
  })

  afterAll(() => {
    backend.close()
    kernel.close()
  })

  test("nft's complaint is in the error, and later commits go on", async () => {
    const failing = backend.commit(update(diff(class4('10.0.0.1'), emptyContent())))
    const next = backend.commit(update(diff(emptyContent(), class4('10.0.0.2'))))
    await expect(failing).rejects.toThrow(/^nft -f: .*No such file or directory/s)
    await expect(failing).rejects.toMatchObject({ code: 'NFT' })
    await next
    expect(sameContent((await kernel.content())!, class4('10.0.0.2'))).toBe(true)
  })

  const LAST_ADDRESSES = ['255.255.255.255', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff']

  test.each(LAST_ADDRESSES)('%s alone cannot be deleted from ranges: that is said', async (last) => {
    const set = last.includes(':') ? 'cidr6' : 'cidr4'
    const key = (address(last) + address(last)) as Key
    const content: Content = { ...emptyContent(), sets: new Map([[set, new Map([[key, 1]])]]) }
    await backend.commit(update(diff(emptyContent(), content)))
    expect(() => backend.commit(update(diff(content, emptyContent())))).toThrow(`nft cannot delete ${last}`)
  })

  describe('an nft that hangs', () => {
    const path = process.env['PATH']
    let folder: string
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'vgnft'))
      writeFileSync(join(folder, 'nft'), '#!/bin/sh\nexec sleep 3600\n', { mode: 0o755 })
      process.env['PATH'] = `${folder}:${path ?? ''}`
    })
    afterEach(() => {
      process.env['PATH'] = path
      rmSync(folder, { recursive: true })
    })

    test('is an error after a while', async () => {
      const impatient = new NftBackend({ namespace: kernel.path, timeoutMs: 100 })
      await expect(impatient.commit(update(diff(emptyContent(), class4('10.0.0.1'))))).rejects.toMatchObject({
        code: 'NFT',
        message: expect.stringMatching(/timed out after 100 milliseconds/),
      })
      impatient.close()
    })

    test('ends with the back end', async () => {
      const closed = new NftBackend({ namespace: kernel.path })
      const committing = closed.commit(update(diff(emptyContent(), class4('10.0.0.1'))))
      setTimeout(() => closed.close(), 100)
      await expect(committing).rejects.toMatchObject({ code: 'NFT', message: 'nft was broken off' })
    })
  })
})

describe('an nft whose rules the kernel refuses', () => {
  const path = process.env['PATH']
  const complaint = [
    '/proc/1/fd/2:95:48-59: Error: Could not process rule: Operation not supported',
    'add rule inet vethguard in4_decide counter name meta priority . meta l4proto . th dport map @verdict_ranges return',
  ]
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vgnft'))
    writeFileSync(join(folder, 'nft'), `#!/bin/sh\nprintf '%s\\n' '${complaint.join("' '")}' >&2\nexit 1\n`, { mode: 0o755 })
    process.env['PATH'] = `${folder}:${path ?? ''}`
  })
  afterEach(() => {
    process.env['PATH'] = path
    rmSync(folder, { recursive: true })
  })

  test('is a node that is unfit for it, and what to do is said', async () => {
    const empty = emptyKernel()
    const refused = new NftBackend({ namespace: empty.path })
    await expect(refused.commit(update(diff(emptyContent(), class4('10.0.0.1'))))).rejects.toMatchObject({
      code: 'NODE_UNFIT', message: expect.stringContaining('use --backend netlink, or nft 1.1.0 or newer'),
    })
    refused.close()
    empty.close()
  })
})

function class4(text: string): Content {
  return { ...emptyContent(), sets: new Map([['class4', new Map<Key, Value>([[address(text) as string as Key, 1]])]]) }
}
