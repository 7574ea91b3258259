// Another process opens with nft what policies close: packets are denied again. With tables that have no owner, as on kernels
// before 6.9; owned ones cannot be changed (restart.test.ts).
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { formatAddress } from '../../src/cluster/address.ts'
import { repeats } from '../../lab/patience.ts'
import { policyObject } from '../situations/fixture.ts'
import { CAN } from '../netlink/nf-tables/can.ts'
import { AgentLab, cells, type Cell } from './agent-lab.ts'
import type { AgentProcess } from './agent-process.ts'

const DENY_A = policyObject('deny-a', { podSelector: { matchLabels: { pod: 'a' } } })
const FROM_B = policyObject('from-b', { podSelector: { matchLabels: { pod: 'a' } }, ingress: [{ from: [{ podSelector: { matchLabels: { pod: 'b' } } }] }] })
const CLOSED: Cell = 'x/c > x/a'
const TURNS = repeats(2)

/** The one whose tables have no owner. Where there is none, nobody can do this. */
const BACKEND = CAN.ownedTables && CAN.nft ? 'nft' : 'netlink'
const testUnowned = CAN.ownedTables && !CAN.nft ? test.skip : test

let lab: AgentLab
let agent: AgentProcess

beforeAll(async () => {
  lab = new AgentLab()
  lab.write('policies.json', [DENY_A, FROM_B])
  agent = await lab.start('--backend', BACKEND)
})
afterAll(() => lab.close())

testUnowned.each([
  ['flush ruleset', 'the tables were recreated'],
  ['delete table inet vethguard', 'the tables were recreated'],
  ['delete element inet vethguard in_judged4 { ADDRESS }', /^another process changed elements/],
  ['flush set inet vethguard in_judged4', /^another process changed elements/],
  ['flush chain inet vethguard forward', 'the tables were recreated'],
  ['insert rule inet vethguard forward accept', 'the tables were recreated'],
])('nft %s', async (command, said) => {
  for (let turn = 0; turn < TURNS; turn++) {
    const since = agent.logs.length
    lab.exec('nft', command.replace('ADDRESS', formatAddress(lab.pod('x/a').address4)))
    await lab.untilCell(CLOSED, 'denied')
    await agent.heard(said, since)
  }
  expect(lab.open()).toEqual(cells((from, to) => to !== 'x/a' || from === 'x/b'))
})
