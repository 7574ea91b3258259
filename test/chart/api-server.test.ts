// A real API server takes every object of the chart, with all values of the matrix, and knows each of their fields.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { ApiServer } from '../e2e/api-server.ts'
import { type ApiObject, pathOf } from '../e2e/resource-path.ts'
import { nameOf, objectsOf, render, renderText } from './helm.ts'
import { MATRIX } from './matrix.ts'
import { deployFiles } from '../../scripts/generated-files.ts'

/** Of the Prometheus operator; test/prometheus tries them with its definitions. */
const FOREIGN = 'monitoring.coreos.com/v1'

const state: { server?: ApiServer } = {}

beforeAll(async () => {
  state.server = await ApiServer.start()
})
afterAll(() => state.server?.close())

/** As `kubectl apply --dry-run=server --validate=strict` does. @returns what the API server has against it */
async function objectionTo(object: ApiObject): Promise<string[]> {
  const path = pathOf(object)
  try {
    await state.server!.admin.post(`${path.slice(0, path.lastIndexOf('/'))}?dryRun=All&fieldValidation=Strict`, object)
    return []
  } catch (error) {
    return [`${nameOf(object)}: ${(error as Error).message}`]
  }
}

async function objectionsTo(objects: readonly ApiObject[]): Promise<string[]> {
  return (await Promise.all(objects.filter(({ apiVersion }) => apiVersion !== FOREIGN).map(objectionTo))).flat()
}

test.each(Object.entries(MATRIX))('%s', async (_, values) => {
  expect(await objectionsTo(await render(values))).toEqual([])
})

test('deploy/', async () => {
  for (const [, content] of await deployFiles()) expect(await objectionsTo(objectsOf(content))).toEqual([])
})

test('it would not take a field that there is not, nor a value that is none', async () => {
  const wrong = objectsOf((await renderText()).replace('hostNetwork: true', 'hostNetworking: true').replace('failureThreshold: 60', 'failureThreshold: 0'))
  expect(await objectionsTo(wrong)).toEqual([expect.stringMatching(/hostNetworking/)])
  const outOfRange = objectsOf((await renderText()).replace('periodSeconds: 1\n', 'periodSeconds: -1\n'))
  expect(await objectionsTo(outOfRange)).toEqual([expect.stringMatching(/periodSeconds/)])
})
