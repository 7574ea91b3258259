import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { EventRecorder } from '../../../src/kube/events/event-recorder.ts'
import type { Notice } from '../../../src/cluster/notice.ts'
import type { Timing } from '../../../src/kube/reflector/timing.ts'
import { until } from '../../../lab/patience.ts'
import { FakeApi } from '../fake-api.ts'
import { credentialsFor, FAST, listeningLog } from '../fixture.ts'

const NOTICE: Notice = { kind: 'NetworkPolicy', key: 'shop/web', reason: 'SelectsNoPod', message: 'spec.podSelector (app in (wbe)) matches no pod' }

let api: FakeApi
let recorders: EventRecorder[]
beforeEach(async () => {
  recorders = []
  api = new FakeApi()
  await api.listen()
})
afterEach(async () => {
  for (const recorder of recorders) await recorder.close()
  await api.stop()
})

function recorderOn(nodeName = 'n1', timing: Pick<Timing, 'random' | 'sleep'> = FAST): { recorder: EventRecorder; lines: { msg: string; level: number }[] } {
  const { log, lines } = listeningLog()
  const recorder = new EventRecorder({ credentials: credentialsFor(api), nodeName, log, timing })
  recorders.push(recorder)
  return { recorder, lines }
}

test('an Event stands beside its object, and says who told it', async () => {
  recorderOn().recorder.record(NOTICE)
  await until(() => api.created.size === 1, 'the Event')
  expect(api.requests).toEqual(['/apis/events.k8s.io/v1/namespaces/shop/events'])
  expect([...api.created.values()]).toMatchObject([{
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { namespace: 'shop' },
    type: 'Warning',
    reason: 'SelectsNoPod',
    note: NOTICE.message,
    regarding: { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', namespace: 'shop', name: 'web' },
    reportingController: 'vethguard',
    reportingInstance: 'vethguard-n1',
  }])
})

test('what many agents tell is one Event, and nobody minds', async () => {
  const agents = ['n1', 'n2', 'n3'].map((node) => recorderOn(node))
  for (const { recorder } of agents) recorder.record(NOTICE)
  await until(() => api.requests.length === 3, 'three requests')
  agents[0]!.recorder.record({ ...NOTICE, message: 'something else' })
  await until(() => api.created.size === 2, 'the other Event')
  expect(agents.flatMap(({ lines }) => lines)).toEqual([])
})

test.each(['broken', 'unavailable', 'throttled', 'unauthorized', 'reset'] as const)('is tried again: %s', async (fault) => {
  const { recorder, lines } = recorderOn()
  for (let count = 0; count < 3; count++) api.failNext('events', fault)
  recorder.record(NOTICE)
  await until(() => api.created.size === 1, 'the Event')
  await until(() => lines.length === 2, 'one line about the failure, one about its end')
  expect(lines.map(({ level }) => level)).toEqual([40, 30])
})

test('a missing permission is said once, with what to grant, and is not tried again', async () => {
  const { recorder, lines } = recorderOn()
  for (let count = 0; count < 5; count++) api.failNext('events', 'forbidden')
  for (let count = 0; count < 5; count++) recorder.record({ ...NOTICE, message: `number ${count}` })
  await until(() => api.requests.length === 5, 'five requests')
  recorder.record(NOTICE)
  await until(() => [...api.created.values()].some(({ note }) => note === NOTICE.message), 'an Event after that')
  expect(api.created.size).toBe(1)
  await until(() => lines.length > 1, 'the end of the trouble')
  expect(lines.map(({ msg }) => msg)).toEqual([
    expect.stringContaining('grant the verb create on events of the API group events.k8s.io'),
    'Events are written again',
  ])
})

test('a bounded number waits to be written', async () => {
  const gate = Promise.withResolvers<undefined>()
  const { recorder } = recorderOn('n1', { random: () => 0.5, sleep: () => gate.promise })
  for (let count = 0; count < 3000; count++) recorder.record({ ...NOTICE, message: `number ${count}` })
  gate.resolve(undefined)
  await until(() => api.created.size >= 1000, 'those that waited')
  await until(() => {
    recorder.record(NOTICE) // there is room for it when the last of them is done
    return api.requests.length > 1000
  }, 'the one after them')
  expect(api.created.size).toBe(1001)
})

test('closed, it writes nothing more, and waits for nobody', async () => {
  const { recorder, lines } = recorderOn()
  api.failNext('events', 'mute')
  recorder.record(NOTICE)
  recorder.record({ ...NOTICE, message: 'waits' })
  await until(() => api.requests.length === 1, 'a request')
  await recorder.close()
  recorder.record({ ...NOTICE, message: 'too late' })
  await nextTurn()
  expect(api.requests).toHaveLength(1)
  expect(lines).toEqual([])
})
