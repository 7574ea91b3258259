// Hits on the real kernel, with real packets and real agents that are killed: what the kernel's counters say of a policy or pod, with
// what they keep for it of counters that are gone, never decreases.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { repeats } from '../../lab/patience.ts'
import type { PolicyKey } from '../../src/cluster/objects.ts'
import { describe as describeCounter } from '../../src/compiler/counter-members.ts'
import { podObject, policyObject } from '../situations/fixture.ts'
import { acceptedBy } from '../compiler/credits.ts'
import { WAYS } from '../netlink/nf-tables/can.ts'
import { AgentLab } from '../agent/agent-lab.ts'
import type { AgentProcess } from '../agent/agent-process.ts'

const A = { podSelector: { matchLabels: { pod: 'a' } } }
const FROM_Y = { ...A, ingress: [{ from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'y' } } }] }] }
const FROM_ALL = { ...A, ingress: [{}] }
const RESTARTS = repeats(5)
/** Each way to say the same of policies `one` and `two` of namespace x. */
const SET = describeCounter({ kind: 'hits', direction: 'ingress', hits: acceptedBy(['x/one', 'x/two'] as PolicyKey[]) })

let lab: AgentLab
let agent: AgentProcess

beforeEach(() => {
  lab = new AgentLab()
})
afterEach(() => lab.close())

/** Packets of each policy of x, and those denied to x/a. */
async function totals(): Promise<{ one: number; two: number; denied: number }> {
  const counters = await lab.counters()
  const of = (...names: string[]): number => names.reduce((sum, name) => sum + (counters[name] ?? 0), 0)
  const [set = ''] = /counter (in\/set-[0-9a-f]+) \{\s+comment "x: one, two"/.exec(lab.exec('nft', 'list', 'counters'))?.slice(1) ?? []
  return { one: of('in/x/one', 'past-in/x/one', set), two: of('in/x/two', 'past-in/x/two', set), denied: of('deny-in/x/a', 'past-deny-in/x/a') }
}

describe.each(WAYS)('--backend %s', (backend) => {
  beforeEach(async () => {
    lab.write('policies.json', [policyObject('one', FROM_Y), policyObject('two', FROM_Y)])
    agent = await lab.start('--backend', backend)
  })

  test('what several policies allow counts for each, under a name that says whose it is', async () => {
    lab.open()
    expect(await totals()).toEqual({ one: 3, two: 3, denied: 5 })
    expect(SET).toBe('x: one, two')
    const listing = lab.exec('nft', 'list', 'table', 'inet', 'vethguard')
    expect(listing).toMatch(/counter in\/set-[0-9a-f]{16} \{\n\t\tcomment "x: one, two"\n\t\tpackets 3 /)
  })

  test('a policy that goes leaves the other what they had together', async () => {
    lab.open()
    lab.write('policies.json', [policyObject('one', FROM_Y), policyObject('three', FROM_ALL)])
    await lab.untilCell('x/b > x/a', 'allowed')
    expect(await totals()).toEqual({ one: 3, two: 0, denied: expect.any(Number) })
    expect((await lab.counters())['past-in/x/one']).toBe(3)
    lab.write('policies.json', [])
    await lab.untilCell('z/b > x/a', 'allowed')
    lab.write('policies.json', [policyObject('deny', A)])
    await lab.untilCell('z/b > x/a', 'denied')
    expect(Object.keys(await lab.counters()).filter((name) => name.startsWith('past-in/'))).toEqual([])
  })

  test('a pod that is isolated no more, and then again, keeps what it was denied', async () => {
    lab.open()
    const { denied } = await totals()
    expect(denied).toBe(5)
    lab.write('policies.json', [])
    await lab.untilCell('x/b > x/a', 'allowed')
    const { denied: after } = await totals()
    expect(after).toBeGreaterThanOrEqual(denied)
    lab.write('policies.json', [policyObject('one', FROM_Y), policyObject('two', FROM_Y)])
    await lab.untilCell('x/b > x/a', 'denied')
    expect((await totals()).denied).toBe(after + 1)
    lab.write('cluster.json', [podObject(lab.place(), 'x/b')])
    await lab.untilCell('x/b > x/a', 'allowed')
    expect(Object.keys(await lab.counters()).filter((name) => name.includes('deny-in'))).toEqual([])
  })

  test('agents that are killed and stopped, with other policies before, after and in between', async () => {
    let last = { one: 0, two: 0, denied: 0 }
    for (let turn = 0; turn < RESTARTS; turn++) {
      await agent.kill(turn % 2 === 0 ? 'SIGKILL' : 'SIGTERM')
      lab.write('policies.json', [policyObject('one', FROM_Y), policyObject('two', turn % 2 === 0 ? { ...FROM_ALL, ingress: [] } : FROM_Y)])
      agent = await lab.start('--backend', backend)
      const now = await totals()
      expect(now).toEqual(last) // nothing was sent meanwhile
      lab.open()
      last = await totals()
      expect(last).toEqual({ one: now.one + 3, two: now.two + (turn % 2 === 0 ? 0 : 3), denied: now.denied + 5 })
    }
  })
})
