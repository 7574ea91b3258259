// A kernel that refuses, or does not answer: how often it is asked, what is said about it, and what those who watch are told.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import pino from 'pino'
import type { Agent } from '../../src/agent/agent.ts'
import { podKey } from '../../src/cluster/objects.ts'
import { VethguardError } from '../../src/base/errors.ts'
import { liveness } from '../../src/observe/health.ts'
import type { Change } from '../../src/source.ts'
import { canonical } from '../compiler/canonical.ts'
import { pod, policy } from '../policy/state.ts'
import { agentOf, nextTurn, NODE, ToldSource, wanted } from './agent-in-process.ts'
import { MemoryBackend } from './memory-backend.ts'

const DENY = policy('x/deny', { podSelector: {} })
const WEB = policy('x/web', { podSelector: {}, ingress: [{ from: [{ podSelector: {} }] }] })
const FIRST: readonly Change[] = [DENY, WEB].map((now) => ({ kind: 'policy', key: now.key, now }))
const PATIENCE_MS = 5000

/** As a program that hangs. */
class HangingBackend extends MemoryBackend {
  hangs = false

  override commit(...args: Parameters<MemoryBackend['commit']>): Promise<void> | undefined {
    return this.hangs ? new Promise(() => undefined) : super.commit(...args)
  }
}

let source: ToldSource
let backend: HangingBackend
let agent: Agent
let said: string[]
let repairs: string[]
/** When tries failed. */
let failedAtMs: number[]

beforeEach(async () => {
  [said, repairs, failedAtMs] = [[], [], []]
  source = new ToldSource(FIRST)
  backend = new HangingBackend()
  const note = ({ component, msg }: { component?: string; msg: string }) => component === 'committer' && said.push(msg)
  const log = pino({ level: 'info' }, { write: (text) => note(JSON.parse(text) as { msg: string }) })
  const observer = { repaired: (reason: string) => repairs.push(reason), failed: () => failedAtMs.push(performance.now()) }
  agent = agentOf(source, backend, { log, observer, checkMs: 10, compareSeconds: 60 })
  await agent.start()
  said.splice(0)
})
afterEach(() => agent.close())

function podChange(n: number, nodeName?: string): Change {
  const options = nodeName === undefined ? {} : { nodeName, labels: { n: String(n % 500) } }
  const now = pod(`x/p${n}`, `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`, options)
  return { kind: 'pod', key: podKey(now), now }
}

async function until(holds: () => boolean): Promise<void> {
  const begin = performance.now()
  while (!holds()) {
    if (performance.now() - begin > PATIENCE_MS) throw new Error(`it does not come about: ${said.join('; ')}`)
    await sleep(2)
  }
}

test('changes that go on do not make it ask all the time, nor say all the time that it is refused', async () => {
  backend.refuses = () => true
  const begin = performance.now()
  for (let n = 0; performance.now() - begin < 2000; n++) {
    source.say(podChange(n % 500))
    await sleep(5)
  }
  expect(backend.commits.tried).toBeGreaterThan(4)
  expect(backend.commits.tried).toBeLessThan(14)
  expect(said).toEqual([
    'the kernel refused a change; making the tables anew',
    'the tables could not be made anew; what is in the kernel stays as it is, and it is tried again',
  ])
  expect(agent.view.staleSinceMs! - begin).toBeLessThan(500)
  backend.refuses = () => false
  await until(() => agent.view.staleSinceMs === undefined)
  expect(said.slice(2)).toEqual(['the kernel takes the tables again', 'the tables were made anew'])
  expect(repairs).toEqual(['refused'])
})

test('it is asked less and less often when nothing changes', async () => {
  backend.moods.push('throws', 'rejects', 'throws', 'rejects')
  source.say(podChange(1))
  await until(() => agent.view.staleSinceMs === undefined)
  const restsMs = failedAtMs.slice(1).map((atMs, index) => atMs - failedAtMs[index]!).slice(1)
  expect(restsMs).toHaveLength(2)
  for (const [index, leastMs] of [100, 200].entries()) {
    expect(restsMs[index]).toBeGreaterThan(leastMs - 3)
    expect(restsMs[index]).toBeLessThan(leastMs * 1.9)
  }
})

test('a repair of elements that it refuses at first is one repair', async () => {
  source.say(podChange(1))
  await nextTurn()
  backend.moods.push('throws')
  backend.tamper('in_judged4', (elements) => elements.clear())
  await until(() => repairs.length > 0)
  await sleep(50)
  expect(repairs).toEqual(['refused'])
  expect(canonical(backend.content)).toEqual(wanted([...FIRST, podChange(1)]))
})

test('all that was read anew meanwhile is taken in by turns', async () => {
  backend.refuses = () => true
  source.say(podChange(1))
  await sleep(150)
  const batch = Array.from({ length: 20_000 }, (_, n) => podChange(n + 10, 'node-b'))
  backend.refuses = () => false
  const tried = backend.commits.tried
  source.say(...batch)
  let turns = 0
  while (agent.view.sizes.pods < batch.length) {
    await nextTurn()
    if (agent.view.sizes.pods > 1) turns++
    else await sleep(1)
  }
  expect(turns).toBeGreaterThan(5)
  await until(() => agent.view.staleSinceMs === undefined)
  expect(backend.commits.tried - tried).toBeLessThanOrEqual(2)
})

test('a kernel that does not answer is told by liveness, and does not hold up the end', async () => {
  backend.hangs = true
  source.say(podChange(1))
  await sleep(50)
  const nowMs = performance.now()
  expect(liveness(agent.view, nowMs + 59_000).isGood).toBe(true)
  expect(liveness({ ...agent.view, checkedAtMs: nowMs, busySinceMs: agent.view.busySinceMs }, nowMs + 60_001)).toEqual({
    isGood: false,
    text: 'stuck: the kernel has not answered for 60 s\n',
  })
  await agent.close()
  expect(performance.now() - nowMs).toBeLessThan(7000)
  agent = agentOf(source, backend)
}, 15_000)

test('tries that fail are answers', async () => {
  backend.refuses = () => true
  source.say(podChange(1))
  await sleep(150)
  const busySinceMs = agent.view.busySinceMs!
  await sleep(250)
  expect(agent.view.busySinceMs).toBeGreaterThan(busySinceMs)
})

test('what is refused while the agent ends is no error', async () => {
  backend.moods.push('rejects late')
  source.say(podChange(1))
  await agent.close()
  expect(said).toEqual([])
  expect(failedAtMs).toEqual([])
})

test('tables of another process end the start', async () => {
  const taken = new MemoryBackend()
  taken.commit = () => {
    throw new VethguardError('NODE_UNFIT', 'another process owns the tables')
  }
  const other = agentOf(new ToldSource(FIRST), taken)
  await expect(other.start()).rejects.toMatchObject({ code: 'NODE_UNFIT' })
  await other.close()
})

test('a first transaction that is refused is tried again, with what came meanwhile', async () => {
  const kernel = new MemoryBackend()
  kernel.moods.push('throws', 'rejects late')
  const told = new ToldSource(FIRST)
  const other = agentOf(told, kernel)
  const started = other.start()
  await until(() => kernel.commits.tried === 2)
  expect(other.view.isReady).toBe(false)
  told.say(podChange(1, NODE))
  await started
  expect(kernel.commits).toEqual({ tried: 3, done: 1 })
  expect(other.view.isReady).toBe(true)
  expect(canonical(kernel.content)).toEqual(wanted([...FIRST, podChange(1, NODE)]))
  await other.close()
})
