// A kernel that refuses, or does not answer: how often it is asked, what is said about it, and what those who watch are told.
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import pino from 'pino'
import type { Agent } from '../../src/agent/agent.ts'
import { podKey } from '../../src/cluster/objects.ts'
import { VethguardError } from '../../src/base/errors.ts'
import { liveness } from '../../src/observe/health.ts'
import type { Change } from '../../src/source.ts'
import { until } from '../../lab/patience.ts'
import { canonical } from '../compiler/canonical.ts'
import { pod, policy } from '../policy/state.ts'
import { agentOf, nextTurn, NODE, ToldSource, untilChecked, wanted } from './agent-in-process.ts'
import { MemoryBackend } from './memory-backend.ts'
import { Waits } from './waits.ts'

const DENY = policy('x/deny', { podSelector: {} })
const WEB = policy('x/web', { podSelector: {}, ingress: [{ from: [{ podSelector: {} }] }] })
const FIRST: readonly Change[] = [DENY, WEB].map((now) => ({ kind: 'policy', key: now.key, now }))

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
let waits: Waits
let said: string[]
let repairs: string[]
let failures: number

beforeEach(async () => {
  [said, repairs, failures] = [[], [], 0]
  source = new ToldSource(FIRST)
  backend = new HangingBackend()
  waits = new Waits()
  const note = ({ component, msg }: { component?: string; msg: string }) => component === 'committer' && said.push(msg)
  const log = pino({ level: 'info' }, { write: (text) => note(JSON.parse(text) as { msg: string }) })
  const observer = { repaired: (reason: string) => repairs.push(reason), failed: () => failures++ }
  agent = agentOf(source, backend, { log, observer, checkMs: 10, compareSeconds: 60, sleep: waits.sleep })
  await agent.start()
  said.splice(0)
})
afterEach(() => agent.close())

function podChange(n: number, nodeName?: string): Change {
  const options = nodeName === undefined ? {} : { nodeName, labels: { n: String(n % 500) } }
  const now = pod(`x/p${n}`, `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`, options)
  return { kind: 'pod', key: podKey(now), now }
}

/** Changes go on, and time passes, until so many tries have failed. */
async function untilRefused(times: number): Promise<void> {
  await until(async () => {
    source.say(podChange(failures))
    await nextTurn()
    waits.pass()
    return failures >= times
  })
}

test('changes that go on do not make it ask all the time, nor say all the time that it is refused', async () => {
  backend.refuses = () => true
  source.say(podChange(1))
  await until(() => waits.pending > 0)
  const { tried } = backend.commits
  for (let n = 0; n < 100; n++) {
    source.say(podChange(n))
    await nextTurn()
  }
  expect(backend.commits.tried).toBe(tried)
  await untilRefused(12)
  // What changes do not shorten: an eighth of the time to the next try, which doubles up to 10 s. They end the rest at once.
  expect(waits.asked.filter((_, index) => index % 2 === 0).slice(0, 10)).toEqual([100, 100, 100, 100, 200, 400, 800, 1250, 1250, 1250])
  expect(said).toEqual([
    'the kernel refused a change; recreating the tables',
    'cannot recreate the tables; the kernel keeps what it has; retrying',
  ])
  backend.refuses = () => false
  await until(() => {
    waits.pass()
    return agent.view.staleSinceMs === undefined
  })
  expect(said.slice(2)).toEqual(['the kernel takes the tables again', 'the tables were recreated'])
  expect(repairs).toEqual(['refused'])
})

test('what is wanted has not been in force since the first change that was refused', async () => {
  backend.refuses = () => true
  const beginMs = performance.now()
  source.say(podChange(1))
  const endMs = performance.now()
  await untilRefused(5)
  expect(agent.view.staleSinceMs).toBeGreaterThanOrEqual(beginMs)
  expect(agent.view.staleSinceMs).toBeLessThanOrEqual(endMs)
})

test('it is asked less and less often when nothing changes', async () => {
  backend.moods.push('throws', 'rejects', 'throws', 'rejects')
  source.say(podChange(1))
  await until(() => {
    waits.pass()
    return agent.view.staleSinceMs === undefined
  })
  expect(waits.asked).toEqual([100, 0, 100, 100, 100, 300]) // 100, 200 and 400 ms between the tries after the first
})

test('a repair of elements that it refuses at first is one repair', async () => {
  source.say(podChange(1))
  await nextTurn()
  backend.moods.push('throws')
  backend.tamper('in_judged4', (elements) => elements.clear())
  await until(() => repairs.length > 0)
  await untilChecked(agent)
  expect(repairs).toEqual(['refused'])
  expect(canonical(backend.content)).toEqual(wanted([...FIRST, podChange(1)]))
})

test('all that was read anew meanwhile is taken in by turns', async () => {
  backend.refuses = () => true
  source.say(podChange(1))
  await until(() => waits.pending > 0)
  const batch = Array.from({ length: 20_000 }, (_, n) => podChange(n + 10, 'node-b'))
  backend.refuses = () => false
  const { tried } = backend.commits
  source.say(...batch)
  let turns = 0
  await until(async () => {
    waits.pass()
    await nextTurn()
    const { pods } = agent.view.sizes
    if (pods > 1 && pods < batch.length) turns++
    return pods > batch.length
  })
  expect(turns).toBeGreaterThan(0)
  await until(() => agent.view.staleSinceMs === undefined)
  expect(backend.commits.tried - tried).toBe(1)
})

test('a kernel that does not answer is told by liveness, and does not hold up the end', async () => {
  backend.hangs = true
  source.say(podChange(1))
  const { busySinceMs } = agent.view
  expect(liveness(agent.view, busySinceMs! + 59_000).isGood).toBe(true)
  expect(liveness({ checkedAtMs: busySinceMs! + 60_000, busySinceMs }, busySinceMs! + 60_001)).toEqual({
    isGood: false,
    text: 'stuck: the kernel has not answered for 60 s\n',
  })
  await agent.close()
  agent = agentOf(source, backend)
})

test('tries that fail are answers', async () => {
  backend.refuses = () => true
  source.say(podChange(1))
  await untilRefused(2)
  const busySinceMs = agent.view.busySinceMs!
  await untilRefused(4)
  expect(agent.view.busySinceMs).toBeGreaterThan(busySinceMs)
})

test('what is refused while the agent ends is no error', async () => {
  backend.moods.push('rejects late')
  source.say(podChange(1))
  await agent.close()
  expect(said).toEqual([])
  expect(failures).toBe(0)
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
