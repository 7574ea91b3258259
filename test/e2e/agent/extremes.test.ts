// Extreme but valid objects through a real API server: they are in force, and the next change follows as fast as ever.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { setTimeout as sleep } from 'node:timers/promises'
import { addressTexts } from '../../../lab/host.ts'
import type { Probe, Verdict } from '../../../lab/prober.ts'
import type { ApiObject } from '../resource-path.ts'
import { extremes, LONG_LABEL } from './extreme-objects.ts'
import { Stage } from './stage.ts'

const NAMESPACE = 'shop'
const SERVER = { app: 'server' }
const DENY = policy('deny', { podSelector: { matchLabels: SERVER } })
const NEXT = policy('next', { podSelector: { matchLabels: SERVER }, ingress: [{ ports: [{ port: 79 }] }] })
/** Generous, because tests run on busy machines; `npm run bench:latency` measures. */
const IN_FORCE_MS = 1000

let stage: Stage

beforeAll(async () => {
  stage = await Stage.open({ podsPerNode: 1 })
  await stage.addNamespace(NAMESPACE)
  const [server, client] = stage.lab.pods
  await stage.addPod(server!, { namespace: NAMESPACE, labels: SERVER })
  await stage.addPod(client!, { namespace: NAMESPACE, labels: LONG_LABEL })
  await stage.server.admin.apply(DENY)
  stage.startAgents()
  await stage.enforcing()
})
afterAll(() => stage.close())

function policy(name: string, spec: object): ApiObject {
  return { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { namespace: NAMESPACE, name }, spec }
}

function verdict(port: number): Verdict {
  const [to, from] = stage.lab.pods
  const probe: Probe = { protocol: 'TCP', port, family: 4 }
  return stage.prober.probe({ from: from!, to: to!, probe })
}

/** @returns how long it took, in ms */
async function until(port: number, expected: Verdict): Promise<number> {
  const begin = performance.now()
  while (verdict(port) !== expected && performance.now() - begin < 10_000) await sleep(1)
  expect({ port, verdict: verdict(port) }).toEqual({ port, verdict: expected })
  return performance.now() - begin
}

test.each(extremes(NAMESPACE, SERVER, '10.244.1.10'))('$name', async ({ policies }) => {
  const { admin } = stage.server
  expect(addressTexts(stage.lab.pods[1]!)[0]).toBe('10.244.1.10')
  await until(80, 'denied')
  for (const each of policies) await admin.create(each)
  expect(await until(80, 'allowed')).toBeLessThan(IN_FORCE_MS)
  expect(verdict(79)).toBe('denied')
  await admin.create(NEXT)
  expect(await until(79, 'allowed')).toBeLessThan(IN_FORCE_MS)
  await admin.delete(NEXT)
  expect(await until(79, 'denied')).toBeLessThan(IN_FORCE_MS)
  for (const each of policies) await admin.delete(each)
  expect(await until(80, 'denied')).toBeLessThan(IN_FORCE_MS)
  expect(stage.agents.every(({ isRunning }) => isRunning)).toBe(true)
})
