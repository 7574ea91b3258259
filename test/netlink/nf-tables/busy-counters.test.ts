// Counters are read also while somebody commits faster than they can be listed.
import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Backend } from '../../../src/nftables/backend.ts'
import type { CounterName } from '../../../src/nftables/content.ts'
import { emptyContent } from '../../../src/nftables/diff.ts'
import { replace, type CounterValue } from '../../../src/nftables/transaction.ts'
import { createBackend } from '../../../src/netlink/create-backend.ts'
import { emptyKernel, type Kernel } from './kernel.ts'

/** Listing them takes several turns of the event loop. */
const COUNTERS = 16_000

let kernel: Kernel
let backends: Backend[]

beforeAll(() => {
  kernel = emptyKernel()
  backends = [0, 1].map(() => createBackend({ kind: 'netlink', namespace: kernel.path, own: false }))
})

afterAll(() => {
  for (const backend of backends) backend.close()
  kernel.close()
})

test('every counter is told, with its value', async () => {
  const [backend, other] = backends as [Backend, Backend]
  const values = new Map(Array.from({ length: COUNTERS }, (_, index) => [`in/${index}` as CounterName, { packets: index, bytes: 2 * index }]))
  await backend.commit(replace({ ...emptyContent(), counters: new Set(values.keys()) }, values, backend.reader.state()))
  const done = new AbortController()
  const reading = backend.reader.counters().finally(() => done.abort())
  let commits = 0
  for (const [name, value] of values) {
    if (done.signal.aborted) break
    moveToEnd(other, name, value)
    commits++
    await setImmediate()
  }
  const found = await reading
  for (const [name, { packets, bytes }] of values) {
    if (found.get(name)?.packets !== packets || found.get(name)?.bytes !== bytes) throw new Error(`${name}: ${JSON.stringify(found.get(name))}`)
  }
  expect(found.size).toBeGreaterThanOrEqual(COUNTERS)
  expect(commits).toBeGreaterThan(10) // or nothing was to be proved
})

/** In the kernel's list, so that a look that is under way finds one of those behind it in its place. */
function moveToEnd(backend: Backend, name: CounterName, value: CounterValue): void {
  void backend.commit({ commands: [{ delete: 'counter', family: 'inet', name }, { add: 'counter', family: 'inet', name, value }] })
}
