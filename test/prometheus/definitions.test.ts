// The Prometheus operator's definitions, in a real API server, take the chart's PodMonitor and PrometheusRule.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { find, render } from '../chart/helm.ts'
import { MATRIX } from '../chart/matrix.ts'
import { ApiServer } from '../e2e/api-server.ts'
import { until } from '../e2e/cluster/until.ts'
import { pathOf, type ApiObject } from '../e2e/resource-path.ts'
import { operatorDefinitions } from './programs.ts'

const GROUP = 'monitoring.coreos.com/v1'
const monitored = Object.entries(MATRIX).filter(([, values]) => 'podMonitor' in values)
const state: { server?: ApiServer } = {}

beforeAll(async () => {
  const server = await ApiServer.start()
  state.server = server
  for (const definition of await operatorDefinitions()) await server.admin.create(definition)
  await until('served definitions', async () => {
    const { resources } = await server.admin.get(`/apis/${GROUP}`)
    return (resources as unknown[]).length >= 2
  })
})
afterAll(() => state.server?.close())

async function tryOut(object: ApiObject): Promise<unknown> {
  const path = pathOf(object)
  return state.server!.admin.post(`${path.slice(0, path.lastIndexOf('/'))}?dryRun=All&fieldValidation=Strict`, object)
}

test.each(monitored)('%s', async (_, values) => {
  const objects = (await render(values)).filter(({ apiVersion }) => apiVersion === GROUP)
  expect(objects.map(({ kind }) => kind).sort()).toEqual(['PodMonitor', 'PrometheusRule'])
  for (const object of objects) await tryOut(object)
})

test('they would not take a field that there is not', async () => {
  const monitor = find(await render(monitored[0]![1]), 'PodMonitor')
  await expect(tryOut({ ...monitor, spec: { ...monitor['spec'] as object, endpoints: [] } })).rejects.toThrow(/endpoints/)
})
