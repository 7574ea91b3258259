// What the agent relies on, one thing at a time; the property test has them all at once.
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import type { Problem } from '../../src/cluster/change.ts'
import type { KubeSource } from '../../src/kube/source.ts'
import { gatherUncaught } from '../agent/uncaught.ts'
import { PATIENCE_MS, until } from '../../lab/patience.ts'
import { FakeApi } from './fake-api.ts'
import { listeningLog, namespace, pod, policy, SHORT_SILENCE, sourceOn, sourceWith } from './fixture.ts'
import { StrictSink } from './strict-sink.ts'

describe('KubeSource', () => {
  let api: FakeApi
  let sink: StrictSink
  let source: KubeSource | undefined
  beforeEach(async () => {
    api = new FakeApi()
    sink = new StrictSink()
    for (const name of ['a', 'b', 'c', 'd']) api.put('pods', pod(name))
    api.put('namespaces', namespace('default'))
    api.put('networkpolicies', policy('p'))
    await api.listen()
  })
  afterEach(async () => {
    await source?.close()
    await api.stop()
  })

  test('delivers everything before the start is done, then each change by itself', async () => {
    source = sourceOn(api)
    await source.start(sink)
    expect(sink.objects.size).toBe(6)
    const before = sink.batches.length
    await until(() => api.openStreams === 3, 'three watches')
    api.put('pods', pod('e'))
    api.put('pods', pod('f'))
    await until(() => sink.objects.has('pod default/f'), 'the last change')
    expect(sink.batches.slice(before).map((batch) => batch.map(({ key }) => key))).toEqual([['default/e'], ['default/f']])
    expect([...source.status().values()].every(({ synced, connected }) => synced && connected)).toBe(true)
  })

  test('a cluster without objects is nothing to tell', async () => {
    await api.stop()
    api = new FakeApi()
    await api.listen()
    source = sourceOn(api)
    await source.start(sink)
    expect(sink.batches).toEqual([])
  })

  test('pages where the server does not stream initial events', async () => {
    api.streamsInitialEvents = false
    source = sourceOn(api)
    await source.start(sink)
    expect(sink.objects.size).toBe(6)
    const lists = api.requests.filter((path) => path.includes('/pods') && !path.includes('watch'))
    expect(lists.map((path) => path.includes('continue='))).toEqual([false, true])
    expect(lists.every((path) => path.includes('fieldSelector=status.phase%21%3DSucceeded%2Cstatus.phase%21%3DFailed'))).toBe(true)
  })

  test('what changed while the history was lost comes as one batch of differences', async () => {
    source = sourceOn(api)
    await source.start(sink)
    const before = sink.batches.length
    await api.stop()
    api.remove('pods', pod('a'))
    api.put('pods', pod('b', { app: 'other' }))
    api.put('pods', pod('e'))
    api.history.compact()
    await api.listen()
    await until(() => sink.batches.length > before, 'the differences')
    const last = sink.batches[before]!.map(({ key, now }) => [key, now !== undefined])
    expect(last).toEqual([['default/a', false], ['default/b', true], ['default/e', true]])
  })

  test('reading anew is told when it is done, not for each try nor for the first time', async () => {
    const relists: string[] = []
    const failures: string[] = []
    const observer = { relisted: (resource: string) => void relists.push(resource), restarted: (_: string, reason: string) => void failures.push(reason) }
    source = sourceOn(api, {}, observer)
    await source.start(sink)
    await until(() => api.openStreams === 3, 'three watches')
    for (let count = 0; count < 5; count++) api.failNext('pods', 'unavailable')
    api.disturb('pods', 'expired')
    await until(() => failures.filter((reason) => reason === 'refused').length === 5, 'tries that fail')
    expect(relists).toEqual([])
    await until(() => relists.length > 0, 'all being read')
    expect(relists).toEqual(['pods'])
  })

  test('a pod that ends is gone; an object that cannot be read is told with its problems', async () => {
    source = sourceOn(api)
    await source.start(sink)
    api.put('pods', pod('a', { phase: 'Succeeded' }))
    api.put('pods', pod('b', { ip: 'nonsense' }))
    await until(() => sink.current.size > 0, 'the problem')
    expect(sink.objects.has('pod default/a')).toBe(false)
    const [problem] = sink.current.get('Pod default/b') as readonly Problem[]
    expect(problem?.field).toBe('status.podIPs[0].ip')
    api.remove('pods', pod('b'))
    await until(() => sink.current.size === 0, 'no problem any more')
  })

  test('problems of an object that was never usable end with it, also while the history was lost', async () => {
    api.put('namespaces', { metadata: { name: 'bad', labels: { wrong: 1 } } })
    source = sourceOn(api)
    await source.start(sink)
    expect([...sink.current.keys()]).toEqual(['Namespace bad'])
    await api.stop()
    api.remove('namespaces', namespace('bad'))
    api.history.compact()
    await api.listen()
    await until(() => sink.current.size === 0, 'no problem any more')
  })

  test('waits for a server that is not there yet, and says so', async () => {
    await api.stop()
    const { log, lines } = listeningLog()
    source = sourceOn(api, {}, {}, log)
    const started = source.start(sink)
    await until(() => lines.some(({ msg }) => msg.includes('ECONNREFUSED') && msg.includes('nothing listens there')), 'a line in the log')
    await api.listen()
    await started
    expect(sink.objects.size).toBe(6)
    expect(lines.some(({ msg }) => msg === 'reads the API server again')).toBe(true)
  })

  test.each(['an event', 'time'])('a watch that is accepted only to end with an error does not end the trouble; %s does', async (end) => {
    const { log, lines } = listeningLog()
    const failures: string[] = []
    source = sourceOn(api, { stableMs: end === 'time' ? 2000 : PATIENCE_MS }, { restarted: (_, reason) => void failures.push(reason) }, log)
    await source.start(sink)
    await until(() => api.openStreams === 3, 'three watches')
    for (let count = 0; count < 5; count++) api.failNext('pods', 'error-event')
    api.disturb('pods', 'end')
    await until(() => failures.filter((reason) => reason === 'refused').length === 5, 'errors')
    const said = (): string[] => lines.flatMap(({ msg }) => (/^cannot watch|again$/.test(msg) ? [msg] : []))
    expect(said()).toEqual(['cannot watch pods: something (500)'])
    await until(() => api.openStreams === 3, 'a watch')
    if (end === 'an event') api.put('pods', pod('e'))
    await until(() => said().length > 1, 'the end of it')
    expect(said()).toEqual(['cannot watch pods: something (500)', 'reads the API server again'])
  })

  test('a missing permission is said with verb and resource, again and again, until it is there', async () => {
    const { log, lines } = listeningLog()
    for (let count = 0; count < 3; count++) api.failNext('networkpolicies', 'forbidden')
    source = sourceOn(api, {}, {}, log)
    await source.start(sink)
    const said = lines.filter(({ level, msg }) => level === 40 && msg.startsWith('not allowed to watch networkpolicies (403)'))
    expect(said.length).toBeGreaterThan(0)
    expect(said[0]?.msg).toContain('grant the verbs list and watch on networkpolicies')
  })

  test('waits as long as the server asks for', async () => {
    const asked: number[] = []
    api.failNext('pods', 'throttled')
    source = sourceWith(api, { timing: { sleep: (ms) => Promise.resolve(void asked.push(ms)) }, clusterPolicies: false })
    await source.start(sink)
    expect(asked.some((ms) => ms >= 1000)).toBe(true)
  })

  test('a watch on which nothing comes is given up', async () => {
    const restarts: string[] = []
    source = sourceOn(api, SHORT_SILENCE, { restarted: (resource, reason) => void restarts.push(`${resource} ${reason}`) })
    await source.start(sink)
    await until(() => api.openStreams === 3, 'three watches')
    api.disturb('pods', 'silence')
    api.put('pods', pod('e'))
    await until(() => sink.objects.has('pod default/e'), 'the change')
    expect(restarts).toContain('pods silent')
  })

  test('an observer is told of every event, with its time', async () => {
    const events: string[] = []
    const before = performance.now()
    const event = (resource: string, type: string, atMs: number): void => {
      if (atMs >= before && atMs <= performance.now()) events.push(`${resource} ${type}`)
    }
    source = sourceOn(api, {}, { event })
    await source.start(sink)
    expect(events.filter((one) => one === 'pods ADDED')).toHaveLength(4)
    expect(events.filter((one) => one === 'pods BOOKMARK')).toHaveLength(1)
  })

  test('an error of who is told ends the process, and does not pass for one of the connection', async () => {
    const restarts: string[] = []
    source = sourceOn(api, {}, { restarted: (resource) => void restarts.push(resource) })
    await source.start(sink)
    await until(() => api.openStreams === 3, 'three watches')
    const uncaught = gatherUncaught()
    const defect = new TypeError('a defect')
    sink.changes = () => {
      throw defect
    }
    api.put('pods', pod('e'))
    await until(() => uncaught.length > 0, 'the error')
    jest.restoreAllMocks()
    expect([uncaught, restarts]).toEqual([[defect], []])
  })

  test('closed before everything was read, it says so', async () => {
    await api.stop()
    source = sourceOn(api)
    const started = source.start(sink)
    await source.close()
    await expect(started).rejects.toMatchObject({ code: 'SOURCE_UNREADABLE' })
  })
})
