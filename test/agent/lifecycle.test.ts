// The agent's days, judged with packets: a start, edits of every kind, with both ways into the kernel.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { podObject, policyObject } from '../situations/fixture.ts'
import { AgentLab, cells } from './agent-lab.ts'
import type { AgentProcess } from './agent-process.ts'

const DENY_A = policyObject('deny-a', { podSelector: { matchLabels: { pod: 'a' } } })
const FROM_Y = policyObject('from-y', {
  podSelector: { matchLabels: { pod: 'a' } },
  ingress: [{ from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'y' } } }] }],
})
const EDITS = 6

describe.each(['netlink', 'nft'])('--backend %s', (backend) => {
  let lab: AgentLab
  let agent: AgentProcess

  beforeAll(async () => {
    lab = new AgentLab()
    lab.write('policy.json', [DENY_A])
    agent = await lab.start('--backend', backend)
  })
  afterAll(() => lab.close())

  test('a start enforces the folder, and says so in one line without complaint', () => {
    expect(lab.open()).toEqual(cells((_, to) => to !== 'x/a'))
    expect(agent.logs.map(({ msg }) => msg).slice(0, 2)).toEqual(['starting', 'enforcing'])
    expect(agent.complaints()).toEqual([])
    expect(agent.logs[1]).toMatchObject({ node: 'node0', pods: 9, localPods: 9, activePolicies: 1, durationMs: expect.any(Number) })
  })

  test('edits by rename', async () => {
    for (let turn = 0; turn < EDITS; turn++) {
      lab.write('policy.json', [turn % 2 === 0 ? FROM_Y : DENY_A])
      await lab.untilCell('y/b > x/a', turn % 2 === 0 ? 'allowed' : 'denied')
    }
    expect(lab.open()).toEqual(cells((_, to) => to !== 'x/a'))
  })

  test('a half-written file keeps its last good state, and that is said', async () => {
    const since = agent.logs.length
    const text = JSON.stringify(FROM_Y)
    writeFileSync(join(lab.folder, 'policy.json'), text.slice(0, 50))
    const line = await agent.heard(/last good content stays in force/, since)
    expect(line).toMatchObject({ level: 40, object: 'policy.json' })
    expect(lab.open()).toEqual(cells((_, to) => to !== 'x/a'))
    writeFileSync(join(lab.folder, 'policy.json'), text)
    await lab.untilCell('y/a > x/a', 'allowed')
    await agent.heard('policy.json: no problem any more', since)
    expect(lab.open()).toEqual(cells((from, to) => to !== 'x/a' || from.startsWith('y/')))
  })

  test('a policy in a new file, and its deletion', async () => {
    lab.write('all.yaml', JSON.stringify(policyObject('all', { podSelector: {} }, 'z')))
    await lab.untilCell('x/a > z/c', 'denied')
    expect(lab.open()).toEqual(cells((from, to) => !to.startsWith('z/') && (to !== 'x/a' || from.startsWith('y/'))))
    lab.remove('all.yaml')
    await lab.untilCell('x/a > z/c', 'allowed')
    lab.remove('policy.json')
    await lab.untilCell('x/b > x/a', 'allowed')
    expect(lab.open()).toEqual(cells(() => true))
  })

  test('a pod that comes, changes and goes', async () => {
    lab.write('policy.json', [DENY_A, policyObject('quarantine', { podSelector: { matchLabels: { quarantine: 'yes' } } }, 'z')])
    await lab.untilCell('x/b > x/a', 'denied')
    lab.write('cluster.json', [])
    await lab.untilCell('x/b > x/a', 'allowed')
    lab.write('a.json', [podObject(lab.place(), 'x/a')])
    await lab.untilCell('x/b > x/a', 'denied')
    lab.write('zc.json', [podObject(lab.place(), 'z/c', { quarantine: 'yes' })])
    await lab.untilCell('x/b > z/c', 'denied')
    expect(lab.open()).toEqual(cells((_, to) => to !== 'x/a' && to !== 'z/c'))
    lab.write('zc.json', [podObject(lab.place(), 'z/c')])
    await lab.untilCell('x/b > z/c', 'allowed')
    lab.remove('a.json')
    await lab.untilCell('x/b > x/a', 'allowed')
  })
})
