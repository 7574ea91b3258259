// Extreme but valid objects through a real API server: they are in force, and the next change follows. How fast: bench/latency.ts.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { addressTexts } from '../../../lab/host.ts'
import { until } from '../../../lab/patience.ts'
import type { Probe, Verdict } from '../../../lab/prober.ts'
import type { ApiObject } from '../resource-path.ts'
import { extremes, LONG_LABEL } from './extreme-objects.ts'
import { Stage } from './stage.ts'

const NAMESPACE = 'shop'
const SERVER = { app: 'server' }
const DENY = policy('deny', { podSelector: { matchLabels: SERVER } })
const NEXT = policy('next', { podSelector: { matchLabels: SERVER }, ingress: [{ ports: [{ port: 79 }] }] })

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

async function untilJudged(port: number, expected: Verdict): Promise<void> {
  await until(() => verdict(port) === expected, `port ${port} to be ${expected}`)
}

test.each(extremes(NAMESPACE, SERVER, '10.244.1.10'))('$name', async ({ policies }) => {
  const { admin } = stage.server
  expect(addressTexts(stage.lab.pods[1]!)[0]).toBe('10.244.1.10')
  await untilJudged(80, 'denied')
  for (const each of policies) await admin.create(each)
  await untilJudged(80, 'allowed')
  expect(verdict(79)).toBe('denied')
  await admin.create(NEXT)
  await untilJudged(79, 'allowed')
  await admin.delete(NEXT)
  await untilJudged(79, 'denied')
  for (const each of policies) await admin.delete(each)
  await untilJudged(80, 'denied')
  expect(stage.agents.every(({ isRunning }) => isRunning)).toBe(true)
})
