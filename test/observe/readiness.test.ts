// From not ready to ready: a source on an API server that first refuses, and an agent whose kernel is in memory.
import { afterEach, expect, test } from '@jest/globals'
import pino from 'pino'
import { formatListenAddress } from '../../src/config/listen-address.ts'
import { liveness, readiness } from '../../src/observe/health.ts'
import type { Metrics } from '../../src/observe/metrics.ts'
import { HealthServer } from '../../src/observe/server.ts'
import { agentOf } from '../agent/agent-in-process.ts'
import { MemoryBackend } from '../agent/memory-backend.ts'
import { until } from '../../lab/patience.ts'
import { FakeApi } from '../kube/fake-api.ts'
import { namespace, pod, sourceOn } from '../kube/fixture.ts'
import { metricsOf } from './fake-view.ts'
import { seriesIn } from './series.ts'

const closing: (() => Promise<void>)[] = []
const REFUSALS = 1000
let metrics: Metrics

afterEach(async () => {
  metrics.close()
  for (const close of closing.splice(0)) await close()
})

test('probes and metrics follow what the agent has read', async () => {
  const api = new FakeApi()
  await api.listen()
  api.put('pods', pod('p'))
  api.put('namespaces', namespace('default'))
  for (let each = 0; each < REFUSALS; each++) api.failNext('pods', 'forbidden')
  const source = sourceOn(api)
  const agent = agentOf(source, new MemoryBackend())
  metrics = metricsOf({ view: () => agent.view, kubeStatus: () => source.status() })
  const server = await HealthServer.listen({ host: '127.0.0.1', port: 0 }, {
    livez: () => liveness(agent.view, performance.now()),
    readyz: () => readiness(agent.view, source.status()),
    metrics: (format) => metrics.scrape(format),
  }, { log: pino({ level: 'silent' }) })
  closing.push(() => agent.close(), () => server.close(), () => api.stop())
  const ask = async (path: string): Promise<[number, string]> => {
    const response = await fetch(`http://${formatListenAddress(server.address)}${path}`)
    return [response.status, await response.text()]
  }
  expect(await ask('/readyz')).toEqual([503, 'not ready\nnothing is read yet\n'])

  const started = agent.start()
  const read = (resource: 'pods' | 'namespaces') => source.status().get(resource)
  await until(() => read('namespaces')?.synced === true && read('pods')?.error !== undefined, 'namespaces, and an error of pods')
  expect(await ask('/readyz')).toEqual([503, expect.stringMatching(/^not ready\n(networkpolicies[^\n]*\n)?pods are not read yet: not allowed to watch pods \(403\).*grant/)])
  expect(await ask('/livez')).toEqual([200, 'alive: starting\n'])
  expect(seriesIn((await ask('/metrics'))[1]).get('vethguard_ready')).toBe(0)

  api.calm()
  await started
  expect(await ask('/readyz')).toEqual([200, 'ready\n'])
  expect(await ask('/livez')).toEqual([200, 'alive\n'])
  expect(seriesIn((await ask('/metrics'))[1]).get('vethguard_ready')).toBe(1)

  await api.stop()
  await until(() => read('pods')?.connected === false, 'the end of the watch')
  expect(await ask('/readyz')).toEqual([200, 'ready\n']) // what is known stays in force
  expect(await ask('/livez')).toEqual([200, 'alive\n'])
  expect(seriesIn((await ask('/metrics'))[1]).get('vethguard_watch_connected{resource="pods"}')).toBe(0)
})

test('ready without what is forbidden and optional, it says so', async () => {
  const api = new FakeApi()
  await api.listen()
  api.served = ['v1beta1']
  for (let each = 0; each < REFUSALS; each++) api.failNext('clusternetworkpolicies', 'forbidden')
  const source = sourceOn(api)
  const agent = agentOf(source, new MemoryBackend())
  metrics = metricsOf({ view: () => agent.view, kubeStatus: () => source.status() })
  closing.push(() => agent.close(), () => api.stop())
  await agent.start()
  expect(readiness(agent.view, source.status())).toEqual({
    isGood: true,
    text: expect.stringMatching(/^ready\nclusternetworkpolicies are not read yet: not allowed to watch clusternetworkpolicies \(403\).*grant.*\n$/),
  })
  const { body } = await metrics.scrape('text')
  expect(seriesIn(body).get('vethguard_watch_connected{resource="clusternetworkpolicies"}')).toBe(0)
  api.calm()
  await until(() => source.status().get('clusternetworkpolicies')?.synced === true, 'the right')
  expect(readiness(agent.view, source.status()).text).toBe('ready\n')
})
