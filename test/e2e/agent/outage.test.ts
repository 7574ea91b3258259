// The API server goes away and comes back: what is in force stays so, and what changed meanwhile or right after follows.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { setTimeout as sleep } from 'node:timers/promises'
import { exec } from '../../../lab/namespace.ts'
import type { ApiObject } from '../resource-path.ts'
import { Stage } from './stage.ts'

/** `OUTAGE_SECONDS=20 npm test -- test/e2e/agent/outage`: agents have become patient by then. */
const OUTAGE_MS = Number(process.env['OUTAGE_SECONDS'] ?? 5) * 1000

const state: { stage?: Stage } = {}
const stage = (): Stage => state.stage!

beforeAll(async () => {
  state.stage = await Stage.open({ podsPerNode: 2 })
  await stage().addNamespace('shop')
  for (const [index, pod] of stage().lab.pods.entries()) await stage().addPod(pod, { namespace: 'shop', labels: { app: `app${index}` } })
  stage().startAgents()
  await stage().enforcing()
})
afterAll(() => state.stage?.close())

/** Lets `from` alone into `to`. */
function policy(to: string, from: string): ApiObject {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { namespace: 'shop', name: to },
    spec: { podSelector: { matchLabels: { app: to } }, ingress: [{ from: [{ podSelector: { matchLabels: { app: from } } }] }] },
  }
}

test(`killed for ${OUTAGE_MS / 1000} s: enforcement goes on, and a change right after the return is in force`, async () => {
  const { server } = stage()
  await server.admin.apply(policy('app0', 'app1'))
  await stage().inForce()
  const wrongPackets = await stage().judge()
  await server.kill()
  const end = performance.now() + OUTAGE_MS
  while (performance.now() < end) {
    expect(wrongPackets()).toEqual([])
    await sleep(100)
  }
  await server.restart()
  await server.admin.apply(policy('app0', 'app2'))
  await stage().inForce()
  expect(stage().agents.map(({ isRunning }) => isRunning)).toEqual([true, true])
})

test('out of reach while objects come, change and go, and etcd is compacted: everything is read anew (410)', async () => {
  const { server, lab } = stage()
  for (const name of ['app0', 'app1', 'app2']) await server.admin.apply(policy(name, 'app3'))
  await stage().inForce()
  const wrongPackets = await stage().judge()
  for (const agent of stage().agents) agent.hear()
  server.setReachable(false)
  for (const { namespace } of lab.nodes) exec(namespace, ['ss', '--kill', '--no-header', '--tcp', 'dst 172.19.0.1'])
  await server.admin.delete(policy('app0', 'app3'))
  await server.admin.apply(policy('app1', 'app2'))
  await server.admin.create(policy('app3', 'app0'))
  await stage().addPod(lab.pods[2]!, { namespace: 'shop', labels: { app: 'else' } })
  await server.kill()
  await server.compact()
  await server.restart()
  expect(wrongPackets()).toEqual([])
  server.setReachable(true)
  await stage().inForce()
  for (const agent of stage().agents) await agent.says(/too old.*networkpolicies|networkpolicies.*too old/)
})
