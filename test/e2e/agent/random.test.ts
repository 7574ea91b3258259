// Random clusters on a real API server: whatever happens, every packet passes or not as what is stored says.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Change } from '../../../src/source.ts'
import type { AddressPool } from '../../arbitrary/pool.ts'
import { SEED } from '../../property.ts'
import { randomChanges, store } from './random-changes.ts'
import { Stage } from './stage.ts'

const state: { stage?: Stage; changes?: Generator<Change> } = {}
const stage = (): Stage => state.stage!

beforeAll(async () => {
  state.stage = await Stage.open({ podsPerNode: 3, externals: 1 })
  state.changes = randomChanges(poolOf(stage()), SEED)
  // Pods' addresses are made up, and pods are made to send from addresses that are not theirs.
  stage().startAgents({ flags: ['--spoof-guard', 'off', '--tunnels', 'off'] })
  await stage().enforcing()
})
afterAll(() => state.stage?.close())

function poolOf({ lab }: Stage): AddressPool {
  return {
    slots: lab.pods.map(({ address4, address6, node }) => ({ v4: address4, v6: address6, node: node.name })),
    outside: lab.externals.flatMap(({ address4, address6 }) => [address4, address6]),
    nodeNames: ['node-x'],
  }
}

/** One change that the API server has stored. */
async function step(): Promise<void> {
  while (!await store(stage().server.admin, state.changes!.next().value as Change));
}

test(`200 random steps (SEED=${SEED})`, async () => {
  for (let count = 0; count < 200; count++) {
    await step()
    await stage().inForce()
  }
})

test('while all watches are cut again and again', async () => {
  for (const agent of stage().agents) agent.hear()
  for (let cut = 0; cut < 20; cut++) {
    await step()
    stage().server.cutConnections()
    for (let count = 0; count < 4; count++) await step()
    await stage().inForce()
  }
  for (const agent of stage().agents) await agent.says('reads the API server again')
})

test('while agents are killed and started again', async () => {
  for (let count = 0; count < 20; count++) await step()
  for (const signal of ['SIGKILL', 'SIGTERM', 'SIGKILL'] as const) {
    await stage().inForce()
    const wrongPackets = await stage().judge()
    await Promise.all(stage().agents.map((agent) => agent.kill(signal)))
    for (let count = 0; count < 5; count++) await step()
    expect(wrongPackets()).toEqual([]) // what was in force stays so
    for (const agent of stage().agents) agent.restart()
    await stage().enforcing()
    await stage().inForce()
    await step() // and at once
    await Promise.all(stage().agents.map((agent) => agent.kill(signal)))
    for (const agent of stage().agents) agent.restart()
    await step()
    await stage().enforcing()
  }
  await stage().inForce()
})
