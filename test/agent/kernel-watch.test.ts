// Somebody else changes what is in the kernel: it is put right, said and counted, and the agent's own changes are never taken for it.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import pino from 'pino'
import type { Agent } from '../../src/agent/agent.ts'
import { podKey } from '../../src/cluster/objects.ts'
import { SystemCallError } from '../../src/base/errors.ts'
import { createBackend } from '../../src/netlink/create-backend.ts'
import type { Backend } from '../../src/nftables/backend.ts'
import type { Key } from '../../src/nftables/content.ts'
import { SET_NAMES } from '../../src/nftables/schema.ts'
import type { Change } from '../../src/source.ts'
import { canonical } from '../compiler/canonical.ts'
import { CAN, type Way } from '../netlink/nf-tables/can.ts'
import { emptyKernel, type Kernel } from '../netlink/nf-tables/kernel.ts'
import { pod, policy } from '../policy/state.ts'
import { until } from '../../lab/patience.ts'
import { agentOf, nextTurn, ToldSource, untilChecked, wanted } from './agent-in-process.ts'
import { MemoryBackend } from './memory-backend.ts'

const CHECK_MS = 20
const [DENY, WEB] = [
  policy('x/deny', { podSelector: {} }),
  policy('x/web', {
    podSelector: {},
    ingress: [{
      from: [{ podSelector: {} }, { ipBlock: { cidr: '192.0.2.0/24', except: ['192.0.2.7/32'] } }],
      ports: [{ port: 80 }, { port: 1000, endPort: 2000 }],
    }],
  }),
]
const FIRST: readonly Change[] = [DENY, WEB].map((now) => ({ kind: 'policy', key: now.key, now }))

let agent: Agent
let source: ToldSource
let repairs: string[]
let failures: string[]
let said: string[]

beforeEach(() => {
  [repairs, failures, said] = [[], [], []]
})
afterEach(() => agent.close())

async function start(backend: Backend, compareSeconds: number, ...changes: readonly Change[]): Promise<void> {
  source = new ToldSource([...FIRST, ...changes])
  const log = pino({ level: 'error' }, { write: (text) => said.push((JSON.parse(text) as { msg: string }).msg) })
  const observer = { repaired: (reason: string) => repairs.push(reason), failed: (stage: string, reason: string) => failures.push(`${stage} ${reason}`) }
  agent = agentOf(source, backend, { log, observer, checkMs: CHECK_MS, compareSeconds })
  await agent.start()
}

/** A pod of this node, or of another. */
function podChange(n: number, nodeName?: string): Change {
  const now = pod(`x/p${n}`, `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`, nodeName === undefined ? {} : { nodeName })
  return { kind: 'pod', key: podKey(now), now }
}

function gone(n: number): Change {
  return { kind: 'pod', key: podKey(pod(`x/p${n}`, '')), now: undefined }
}

async function untilRepaired(): Promise<void> {
  await until(() => repairs.length > 0, () => `a repair; said: ${said.join('; ')}`)
}

describe('in memory', () => {
  const elsewhere = Array.from({ length: 300 }, (_, n) => podChange(n + 10, 'node-b'))
  let backend: MemoryBackend
  beforeEach(() => {
    backend = new MemoryBackend()
  })

  test.each([
    ['an element is deleted', (elements: Map<Key, unknown>) => elements.delete([...elements.keys()][3]!)],
    ['a set is emptied', (elements: Map<Key, unknown>) => elements.clear()],
    ['a value is changed', (elements: Map<Key, unknown>) => elements.set([...elements.keys()][3]!, 77)],
    ['an element is added', (elements: Map<Key, unknown>) => elements.set('abcd' as Key, 77)],
  ])('%s: it is mended by itself', async (_, change) => {
    await start(backend, 180, podChange(1), ...elsewhere)
    const before = backend.commits.done
    backend.tamper('class4', change)
    await untilRepaired()
    expect(canonical(backend.content)).toEqual(wanted([...FIRST, podChange(1), ...elsewhere]))
    expect({ repairs, failures, commits: backend.commits.done - before }).toEqual({ repairs: ['content'], failures: [], commits: 1 })
    expect(said).toEqual(['another process changed elements of the tables; repairing them'])
  })

  test('a comparison that fails is made again soon', async () => {
    await start(backend, 180, podChange(1))
    const look = jest.spyOn(backend, 'eachElement').mockRejectedValueOnce(new SystemCallError('recv', 105))
    backend.tamper('in_judged4', (elements) => elements.clear())
    const begin = performance.now()
    await untilRepaired()
    expect(performance.now() - begin).toBeGreaterThan(900) // and not all the time
    expect({ repairs, failures, said }).toEqual({
      repairs: ['content'],
      failures: ['compare ENOBUFS'],
      said: [expect.stringMatching(/^the kernel cannot be compared .* tried again$/), expect.stringMatching(/repairing them$/)],
    })
    expect(look).toHaveBeenCalled()
  })

  test('that the kernel does not tell is counted each time, and not said each time', async () => {
    await start(backend, 180, podChange(1))
    const state = jest.spyOn(backend, 'state').mockImplementation(() => {
      throw new SystemCallError('recv', 105)
    })
    await until(() => failures.length >= 5)
    expect(said).toEqual(['the kernel does not tell whether the tables are still there'])
    state.mockRestore()
  })

  test('a comparison that the end breaks off is no failure', async () => {
    await start(backend, 180, podChange(1))
    const looking = Promise.withResolvers<boolean>()
    const look = jest.spyOn(backend, 'eachElement').mockReturnValue(looking.promise)
    backend.tamper('in_judged4', (elements) => elements.clear())
    await until(() => look.mock.calls.length > 0)
    await agent.close()
    looking.reject(new SystemCallError('recv', 9))
    await nextTurn()
    await nextTurn()
    expect({ failures, said }).toEqual({ failures: [], said: [] })
  })

  test('what nobody tells of is found by the comparison now and then', async () => {
    await start(backend, 0.1, podChange(1), ...elsewhere)
    backend.tamper('class4', (elements) => elements.clear())
    backend.commits.done-- // as if the generation had not moved
    await untilRepaired()
    expect(canonical(backend.content)).toEqual(wanted([...FIRST, podChange(1), ...elsewhere]))
  })

  test('what the agent itself changes during comparisons is not taken for anybody else\'s', async () => {
    await start(backend, 0, podChange(1), ...elsewhere)
    for (let turn = 0; turn < 1500 || backend.looks < 100; turn++) {
      backend.moods.push(turn % 3 === 0 ? 'at once' : 'late')
      const one = 10 + ((turn >> 1) * 7) % 300
      source.say(turn % 2 === 0 ? gone(one) : podChange(one, 'node-b'))
      if (turn % 10 === 0) await sleep(1)
      else await nextTurn()
    }
    const { looks } = backend
    await until(() => backend.looks > looks + 2 * SET_NAMES.length) // one more comparison
    expect({ repairs, failures, said }).toEqual({ repairs: [], failures: [], said: [] })
  })

  test('what the agent itself changes is no reason to compare', async () => {
    await start(backend, 180, podChange(1))
    for (let turn = 0; turn < 20; turn++) {
      source.say(turn % 2 === 0 ? podChange(2) : gone(2))
      await sleep(CHECK_MS / 4)
    }
    await untilChecked(agent)
    expect(backend.looks).toBe(0)
  })
})

const KINDS: readonly (readonly [Way, false | undefined])[] = [['netlink', undefined], ['netlink', false], ...(CAN.nft ? [['nft', undefined] as const] : [])]

describe.each(KINDS)('on the kernel, --backend %s, own: %s', (kind, own) => {
  const changes = [podChange(1), ...Array.from({ length: 200 }, (_, n) => podChange(n + 10, 'node-b'))]
  const isOwned = kind === 'netlink' && own !== false && CAN.ownedTables
  let kernel: Kernel
  let backend: Backend
  beforeEach(async () => {
    kernel = emptyKernel()
    backend = createBackend({ kind, namespace: kernel.path, own })
    await start(backend, 180, ...changes)
  })
  afterEach(() => kernel.close())

  async function isRight(): Promise<boolean> {
    const content = await kernel.content()
    return content !== undefined && JSON.stringify(canonical(content)) === JSON.stringify(wanted([...FIRST, ...changes]))
  }

  const tampering: readonly (readonly [string, string, string])[] = [
    ['nft flush ruleset', 'flush ruleset', 'handle'],
    ['a table deleted', 'delete table inet vethguard', 'handle'],
    ['the bridge table deleted', 'delete table bridge vethguard', 'handle'],
    ['an element deleted', 'delete element inet vethguard in_judged4 { 10.0.0.1 }', 'content'],
    ['an element added', 'add element inet vethguard class4 { 203.0.113.1 : 0:3 }', 'content'],
    ['a range deleted', 'delete element inet vethguard cidr4 { 192.0.2.8-192.0.2.255 }', 'content'],
    ['a set emptied', 'flush map inet vethguard class4', 'content'],
    ['a chain emptied', 'flush chain inet vethguard forward', 'content'],
    ['a rule added', 'insert rule inet vethguard forward accept', 'content'],
    ['a chain with another policy', 'add chain inet vethguard forward { policy drop; }', 'content'],
  ]

  test.each(tampering)('%s', async (_, command, reason) => {
    const structure = backend.reader.structure()
    expect(await isRight()).toBe(true)
    if (isOwned && command !== 'flush ruleset') {
      expect(() => kernel.nft(command)).toThrow(/Operation not permitted/)
      return
    }
    kernel.nft(command)
    if (!isOwned) await untilRepaired()
    await until(isRight)
    expect({ repairs, failures }).toEqual({ repairs: isOwned ? [] : [reason], failures: [] })
    if (reason === 'content') expect(lengthOf(backend.reader.structure())).toBe(lengthOf(structure))
  })

  test('what others do with their own tables is no reason to do anything', async () => {
    for (let turn = 0; turn < 20; turn++) {
      kernel.nft(`add table inet other\nadd chain inet other forward { type filter hook forward priority ${turn}; }\ndelete table inet other`)
      source.say(turn % 2 === 0 ? podChange(2) : gone(2))
      await sleep(CHECK_MS / 4)
    }
    await untilChecked(agent, 5)
    expect({ repairs, failures, said }).toEqual({ repairs: [], failures: [], said: [] })
  })
})

/** Handles are others after a replacement, and as long. */
function lengthOf(structure: string): number {
  return structure.length
}
