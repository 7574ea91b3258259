// The loop over a back end in memory: when it commits, how often, and what it says about it.
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import { readFileSync } from 'node:fs'
import pino from 'pino'
import { parse } from 'yaml'
import type { Agent } from '../../src/agent/agent.ts'
import { OneAtATime } from '../../src/agent/one-at-a-time.ts'
import type { Commit } from '../../src/agent/observer.ts'
import type { Change } from '../../src/source.ts'
import type { CounterName } from '../../src/nftables/content.ts'
import { SystemCallError } from '../../src/base/errors.ts'
import { podKey } from '../../src/cluster/objects.ts'
import { canonical } from '../compiler/canonical.ts'
import { pod, policy } from '../policy/state.ts'
import { until } from '../../lab/patience.ts'
import { agentOf, nextTurn, ToldSource, untilChecked, wanted } from './agent-in-process.ts'
import { MemoryBackend, type Mood } from './memory-backend.ts'
import { Waits } from './waits.ts'

const DENY = policy('x/deny', { podSelector: {} })
const FIRST: readonly Change[] = [{ kind: 'policy', key: DENY.key, now: DENY }]

interface Line {
  readonly level: number
  readonly msg: string
  readonly component?: string
}

let source: ToldSource
let backend: MemoryBackend
let agent: Agent
let lines: Line[]
let commits: Commit[]
let waits: Waits

beforeEach(async () => {
  lines = []
  commits = []
  waits = new Waits()
  source = new ToldSource(FIRST)
  backend = new MemoryBackend()
  const log = pino({ level: 'debug' }, { write: (text) => lines.push(JSON.parse(text) as Line) })
  agent = agentOf(source, backend, { log, observer: { committed: (commit) => commits.push(commit) }, sleep: waits.sleep })
  await agent.start()
})
afterEach(async () => {
  jest.restoreAllMocks()
  await agent.close()
})

/** An isolated pod of this node: each is some elements of its own. */
function podChange(n: number): Change {
  const now = pod(`x/p${n}`, `10.0.${n >> 8}.${n & 255}`)
  return { kind: 'pod', key: podKey(now), now }
}

function isUpToDate(...changes: readonly Change[]): boolean {
  return JSON.stringify(canonical(backend.content)) === JSON.stringify(wanted([...FIRST, ...changes]))
}

async function untilUpToDate(...changes: readonly Change[]): Promise<void> {
  await until(() => {
    waits.pass()
    return isUpToDate(...changes)
  }, () => `these changes in the kernel, which has ${canonical(backend.content).join('\n')}`)
}

/** Lets time pass until the wait between two tries has this many ms left. */
async function untilWaiting(ms: number): Promise<void> {
  await until(() => {
    if (waits.asked.at(-1) !== ms) waits.pass()
    return waits.asked.at(-1) === ms
  })
}

test('a single change is in the kernel before the source has told it', async () => {
  for (let n = 0; n < 3; n++) {
    source.say(podChange(n))
    expect(isUpToDate(...[0, 1, 2].slice(0, n + 1).map(podChange))).toBe(true)
    await nextTurn()
    await nextTurn()
  }
})

test('what comes in one turn of the event loop is two commits: the first at once, and the rest', async () => {
  const changes = Array.from({ length: 100 }, (_, n) => podChange(n))
  const before = backend.commits.tried
  for (const change of changes) source.say(change)
  expect(backend.commits.tried - before).toBe(1)
  await untilUpToDate(...changes)
  expect(backend.commits.tried - before).toBe(2)
})

test('while a commit takes its time changes are gathered', async () => {
  const slow = Promise.withResolvers<undefined>()
  backend.late = () => slow.promise
  backend.moods.push('late', 'late')
  const before = backend.commits.tried
  const changes = Array.from({ length: 1000 }, (_, n) => podChange(n))
  for (const change of changes) {
    source.say(change)
    await nextTurn()
  }
  expect(backend.commits.tried - before).toBe(1)
  slow.resolve(undefined)
  await untilUpToDate(...changes)
  expect(backend.commits.tried - before).toBe(2)
})

test('a change without effect is no commit', async () => {
  const before = backend.commits.tried
  const elsewhere = pod('x/elsewhere', '10.9.9.9', { nodeName: 'another' })
  source.say({ kind: 'pod', key: podKey(elsewhere), now: elsewhere })
  source.say(...FIRST)
  await nextTurn()
  expect(backend.commits.tried).toBe(before)
})

test.each<Mood>(['throws', 'rejects', 'rejects late'])('a change that the kernel refuses (it %s) is reported once, and the tables are recreated', async (mood) => {
  backend.moods.push(mood)
  source.say(podChange(1))
  await untilUpToDate(podChange(1))
  expect(lines.filter(({ component, level }) => component === 'committer' && level > 20)).toEqual([
    expect.objectContaining({ level: 50, msg: 'the kernel refused a change; recreating the tables', err: expect.anything() }),
    expect.objectContaining({ level: 30, msg: 'the tables were recreated' }),
  ])
})

test('a kernel that goes on refusing has everything in the end', async () => {
  const warned = jest.spyOn(process, 'emitWarning')
  backend.moods.push('throws', 'rejects', 'throws', 'rejects')
  source.say(podChange(1))
  source.say(podChange(2))
  await untilUpToDate(podChange(1), podChange(2))
  expect(warned).not.toHaveBeenCalled()
})

test('a content that the kernel never takes does not keep out the change that mends it', async () => {
  const bad = policy('x/bad', { podSelector: {}, ingress: [{}] })
  backend.refuses = ({ counters }) => counters.has('in/x/bad' as CounterName)
  source.say(podChange(1))
  source.say({ kind: 'policy', key: bad.key, now: bad })
  await untilWaiting(1400) // all but the first 200 ms before the sixth try, which changes do not shorten
  expect(isUpToDate(podChange(1))).toBe(true)
  source.say({ kind: 'policy', key: bad.key, now: undefined })
  source.say(podChange(2))
  await until(() => isUpToDate(podChange(1), podChange(2)))
})

test('an agent that is closed while the kernel refuses gives up at once', async () => {
  backend.moods.push(...Array.from({ length: 20 }, (): Mood => 'throws'))
  source.say(podChange(1))
  await until(() => waits.pending > 0)
  const { tried } = backend.commits
  await agent.close()
  expect({ tries: backend.commits.tried - tried, pending: waits.pending }).toEqual({ tries: 0, pending: 0 })
})

test('tables that another process removes are recreated, and that is an error', async () => {
  source.say(podChange(1))
  await nextTurn()
  backend.flush()
  await untilUpToDate(podChange(1))
  expect(lines.filter(({ level }) => level === 50).map(({ msg }) => msg)).toEqual(['another process removed or replaced the tables; recreating them'])
})

test('while a pod has no veth they are looked at again, and only then', async () => {
  const looked = jest.fn()
  const told = new ToldSource(FIRST)
  const other = agentOf(told, new MemoryBackend(), { looked, checkMs: 10 })
  await other.start()
  await untilChecked(other)
  expect(looked).not.toHaveBeenCalled()
  told.say(podChange(1))
  await until(() => looked.mock.calls.length > 0)
  await other.close()
})

test('a veth that is not found is looked for less and less often, and at once when a pod changes', async () => {
  let nowMs = 1000
  jest.spyOn(performance, 'now').mockImplementation(() => nowMs)
  const looked = jest.fn()
  const kernel = new MemoryBackend()
  const told = new ToldSource([...FIRST, podChange(1)])
  const other = agentOf(told, kernel, { looked, checkMs: 1 })
  /** How often it is looked in so many steps of half a second. */
  const looksIn = async (steps: number): Promise<number> => {
    const before = looked.mock.calls.length
    for (let step = 0; step < steps; step++) {
      const checks = jest.spyOn(kernel, 'state').mockClear()
      await until(() => checks.mock.calls.length > 1)
      nowMs += 500
    }
    return looked.mock.calls.length - before
  }
  await other.start()
  expect(await looksIn(16)).toBe(5) // at 0, 0.5, 1.5, 3.5 and 7.5 s
  expect(await looksIn(15)).toBe(0)
  told.say(podChange(2))
  expect(await looksIn(2)).toBe(2)
  await other.close()
})

test('hits are not told before those of an earlier life are known, and then with them', async () => {
  const name = 'deny-in/x/p1' as CounterName
  source.say(podChange(1))
  backend.count(name, 5)
  await agent.close()
  const next = agentOf(new ToldSource([...FIRST, podChange(1)]), backend)
  backend.moods.push('late')
  const started = next.start()
  expect(await next.view.hits()).toBeUndefined()
  await started
  expect((await next.view.hits())?.denied).toContainEqual({ key: 'x/p1', direction: 'ingress', by: 'isolation', packets: 5 })
  await next.close()
})

test('veths that cannot be looked at are said and counted, and hold up nothing', async () => {
  const failed: string[] = []
  const told = new ToldSource([...FIRST, podChange(1)])
  const observer = { failed: (stage: string, reason: string) => failed.push(`${stage} ${reason}`) }
  const looked = (): void => {
    throw new SystemCallError('recv', 105)
  }
  const other = agentOf(told, backend, { looked, observer, checkMs: 10 })
  await other.start()
  await until(() => failed.length > 1)
  expect(new Set(failed)).toEqual(new Set(['veths ENOBUFS']))
  told.say(podChange(2))
  expect(isUpToDate(podChange(1), podChange(2))).toBe(true)
  await other.close()
})

test('every commit is told, with what it brought and how long it took', () => {
  const before = commits.length
  source.say(podChange(1), podChange(2))
  expect(commits.slice(before)).toEqual([
    { changes: 2, elements: 6, whole: false, durationMs: expect.any(Number), transactionMs: expect.any(Number) },
  ])
  expect(commits[0]).toMatchObject({ changes: 1, whole: true })
  const debug = lines.filter(({ msg }) => msg === 'transaction').at(-1)
  expect(debug).toMatchObject({ level: 20, sets: { in_judged4: '+2', in_deny4: '+2', self4: '+2' }, counters: '+2' })
  expect(debug).toMatchObject({ elements: expect.arrayContaining(['+ in_deny4 10.0.0.1 : "deny-in/x/p1"']) })
})

test('the end comes before kubelet loses patience, also where the kernel never answers', async () => {
  const values = parse(readFileSync('charts/vethguard/values.yaml', 'utf8')) as { terminationGracePeriodSeconds: number }
  const ended = jest.spyOn(OneAtATime.prototype, 'ended')
  backend.commit = () => new Promise(() => undefined)
  source.say(podChange(1))
  await agent.close()
  const scrapesMs = 1000 // the server's end comes before
  const restMs = 500
  expect(ended.mock.calls.map(([timeoutMs]) => timeoutMs + scrapesMs + restMs < 1000 * values.terminationGracePeriodSeconds)).toEqual([true])
})

test('how long a commit took is told from the arrival of the change on', () => {
  const nowMs = performance.now()
  jest.spyOn(performance, 'now').mockReturnValue(nowMs)
  source.sayOf(nowMs - 500, podChange(1))
  expect(commits.at(-1)).toMatchObject({ durationMs: 500, transactionMs: 0 })
})
