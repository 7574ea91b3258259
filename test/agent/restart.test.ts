// What stays when an agent ends, and who may touch it while one lives.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { Verdict } from '../../lab/prober.ts'
import { vethguard } from '../cli/run.ts'
import { CAN, testNft, WAYS } from '../netlink/nf-tables/can.ts'
import { policyObject } from '../situations/fixture.ts'
import { AgentLab, cells, type Cell } from './agent-lab.ts'
import type { AgentProcess } from './agent-process.ts'
import { Watch } from './watch.ts'

const DENY_A = policyObject('deny-a', { podSelector: { matchLabels: { pod: 'a' } } })
const ALLOW_B = policyObject('allow-b', { podSelector: { matchLabels: { pod: 'b' } }, ingress: [{}] })
const CLOSED = cells((_, to) => to === 'x/a')
const OPEN = cells((_, to) => to !== 'x/a')
/** A second agent, and cleanup, say this. */
const NOT_OURS = /^vethguard: the tables belong to another vethguard that is running: stop it first\n$/

const PROBE_MS = 1

let lab: AgentLab

beforeEach(() => {
  lab = new AgentLab()
  lab.write('policies.json', [DENY_A, ALLOW_B])
})
afterEach(() => lab.close())

function watch(): Watch {
  const expected = (cells: readonly Cell[], verdict: Verdict) => cells.map((cell) => ({ ...lab.attempt(cell), expected: verdict }))
  return new Watch(lab, [...expected(OPEN, 'allowed'), ...expected(CLOSED, 'denied')])
}

describe.each(WAYS)('--backend %s', (backend) => {
  test('SIGTERM ends it with exit code 0, and the rules stay', async () => {
    const agent = await lab.start('--backend', backend)
    expect(await agent.kill('SIGTERM')).toEqual({ code: 0, signal: null })
    expect(agent.logs.at(-1)).toMatchObject({ level: 30, msg: 'stopping; the rules stay in the kernel', signal: 'SIGTERM' })
    expect(agent.stderr).toBe('')
    expect(lab.open()).toEqual(OPEN)
  })

  test('a restart shows in no packet, and counters go on', async () => {
    const first = await lab.start('--backend', backend)
    lab.open()
    await first.kill('SIGTERM')
    const before = await lab.counters()
    expect(before).toMatchObject({ 'in/x/allow-b': 8, 'deny-in/x/a': 8 })
    const second = lab.launch('--backend', backend)
    const watched = watch()
    await watched.during(second.heard('enforcing'), () => sleep(PROBE_MS))
    expect(watched.leaked).toEqual([])
    expect(watched.dropped.length).toBeLessThanOrEqual(watched.commits)
    const after = await lab.counters()
    expect(Object.keys(before).filter((name) => (after[name] ?? 0) < before[name]!)).toEqual([])
    await second.kill('SIGTERM')
    await lab.start('--backend', backend)
    expect(await lab.counters()).toEqual(after) // nothing was sent meanwhile
  })

  test('cleanup takes everything away when no agent runs, and nothing that is not ours', async () => {
    lab.exec('nft', 'add table inet other')
    const agent = await lab.start('--backend', backend)
    await agent.kill('SIGTERM')
    const run = await vethguard(['cleanup', '--backend', backend], { namespace: lab.namespace })
    expect(run).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(lab.exec('nft', 'list', 'ruleset')).toBe('table inet other {\n}\n')
    expect(await vethguard(['cleanup', '--backend', backend], { namespace: lab.namespace })).toMatchObject({ code: 0 })
  })
})

/** Without owners the kernel lets everybody change the tables, and the agent puts it right (kernel-watch.test.ts, tampering.test.ts). */
const describeOwned = CAN.ownedTables ? describe : describe.skip

describeOwned('while an agent runs', () => {
  let agent: AgentProcess
  beforeEach(async () => {
    agent = await lab.start()
  })

  test.each(WAYS)('cleanup --backend %s is refused', async (backend) => {
    const run = await vethguard(['cleanup', '--backend', backend], { namespace: lab.namespace })
    expect(run).toEqual({ code: 1, stdout: '', stderr: expect.stringMatching(NOT_OURS) })
    expect(lab.open()).toEqual(OPEN)
  })

  test.each(WAYS)('a second agent, --backend %s, gives up and leaves the first alone', async (backend) => {
    const second = lab.launch('--backend', backend)
    const watched = watch()
    await watched.during(second.closed, () => sleep(PROBE_MS))
    expect(await second.closed).toEqual({ code: 1, signal: null })
    expect(second.stderr).toMatch(NOT_OURS)
    expect(watched.leaked).toEqual([])
    expect(watched.dropped.length).toBeLessThanOrEqual(watched.commits)
    lab.write('policies.json', [DENY_A])
    lab.write('more.json', [policyObject('deny-b', { podSelector: { matchLabels: { pod: 'b' } } })])
    await lab.untilCell('x/a > x/b', 'denied')
    expect(agent.complaints()).toEqual([])
  })

  test('nft flush ruleset does not take its tables', () => {
    lab.exec('nft', 'flush ruleset')
    expect(lab.open()).toEqual(OPEN)
    expect(agent.complaints()).toEqual([])
  })
})

testNft('tables without an owner that another process removes are recreated', async () => {
  const agent = await lab.start('--backend', 'nft')
  lab.exec('nft', 'delete table inet vethguard')
  expect(lab.open()).toEqual(cells(() => true))
  await agent.heard(/^another process removed or replaced the tables/)
  await lab.untilCell('x/b > x/a', 'denied')
  expect(lab.open()).toEqual(OPEN)
  await agent.heard('the tables were recreated')
  expect(agent.complaints()).toHaveLength(1)
})

test('SIGTERM in the middle of a start ends it well', async () => {
  const agent = lab.launch()
  await agent.heard('starting')
  expect(await agent.kill('SIGTERM')).toEqual({ code: 0, signal: null })
  expect(agent.stderr).toBe('')
})
