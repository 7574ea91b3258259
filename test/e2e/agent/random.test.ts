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
  stage().startAgents({ flags: ['--spoof-guard', 'off'] })
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

/** All of them take less than a minute where nothing else runs. */
const TIMEOUT_MS = 300_000

test(`200 random steps (SEED=${SEED})`, async () => {
  for (let count = 0; count < 200; count++) {
    await step()
    await stage().inForce()
  }
}, TIMEOUT_MS)

test('while all watches are cut every second, for 20 s', async () => {
  let cuts = 0
  const cutter = setInterval(() => {
    stage().server.cutConnections()
    cuts++
  }, 1000)
  const end = performance.now() + 20_000
  for (const agent of stage().agents) agent.hear()
  try {
    while (performance.now() < end) {
      for (let count = 0; count < 5; count++) await step()
      await stage().inForce()
    }
  } finally {
    clearInterval(cutter)
  }
  await stage().inForce()
  const reconnects = stage().agents.map((agent) => agent.hear().split('reads the API server again').length - 1)
  expect(cuts).toBeGreaterThan(5)
  expect(Math.min(...reconnects)).toBeGreaterThan(cuts / 2)
}, TIMEOUT_MS)

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
}, TIMEOUT_MS)
