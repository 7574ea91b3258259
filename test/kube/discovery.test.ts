// Whether ClusterNetworkPolicies are served may be unknown, and to read them forbidden: it is said, and everything else works.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { setTimeout as delay } from 'node:timers/promises'
import { until } from '../../lab/patience.ts'
import type { FakeApi } from './fake-api.ts'
import { GROUP, OptionalStand } from './optional-stand.ts'
import type { StrictSink } from './strict-sink.ts'

let stand: OptionalStand
let api: FakeApi
let sink: StrictSink
beforeEach(async () => {
  stand = await OptionalStand.open();
  ({ api, sink } = stand)
})
afterEach(() => stand.close())

describe('the question whether they are served', () => {
  test.each(['broken', 'unavailable', 'reset', 'throttled', 'unauthorized', 'error-event'] as const)('is asked until it is answered: %s', async (fault) => {
    api.served = ['v1beta1']
    for (let count = 0; count < 3; count++) api.failNext('discovery', fault)
    await stand.start()
    expect(stand.known()).toEqual(['cluster-policy /p', 'node n1'])
    expect(stand.said('cannot look for clusternetworkpolicies')).toBe(true)
  })

  test('while it is not answered, the status says so, and the start waits', async () => {
    for (let count = 0; count < 1000; count++) api.failNext('discovery', 'unavailable')
    let isStarted = false
    const started = stand.start().then(() => (isStarted = true))
    await until(() => stand.source.status().get('clusternetworkpolicies')?.error !== undefined, 'an error')
    await until(() => sink.objects.size > 0, 'everything else')
    await delay(20)
    expect(isStarted).toBe(false)
    expect(stand.source.status().get('clusternetworkpolicies')).toMatchObject({ synced: false, connected: false })
    api.calm()
    await started
    expect([...stand.source.status().keys()]).toEqual(['namespaces', 'networkpolicies', 'pods'])
  })

  test('without an answer the source can be closed', async () => {
    for (let count = 0; count < 1000; count++) api.failNext('discovery', 'unavailable')
    const refused = expect(stand.start()).rejects.toMatchObject({ code: 'SOURCE_UNREADABLE' })
    await until(() => sink.objects.size > 0, 'everything else')
    await stand.source.close()
    await refused
  })

  test('forbidden, nothing waits for it; granted, they are read', async () => {
    api.served = ['v1beta1']
    for (let count = 0; count < 1000; count++) api.failNext('discovery', 'forbidden')
    await stand.start()
    expect(stand.known()).toEqual([])
    expect(stand.said('not allowed to look for clusternetworkpolicies (403)')).toBe(true)
    expect(stand.said('bind the ClusterRole system:discovery, or set --cluster-network-policies off')).toBe(true)
    expect(stand.source.status().get('clusternetworkpolicies')).toMatchObject({ synced: false, connected: false })
    api.calm()
    await until(() => stand.known().length === 2, 'both')
  })

  test('is not asked with the option off', async () => {
    api.served = ['v1beta1']
    await stand.start({}, false)
    await delay(50)
    expect([stand.known(), stand.asked(GROUP)]).toEqual([[], []])
  })
})

describe.each([
  ['clusternetworkpolicies', 'node n1', 'cluster-policy /p'],
  ['nodes', 'cluster-policy /p', 'node n1'],
] as const)('forbidden to read %s', (resource, other, missing) => {
  test('the start does not wait, it is said, and the others are read; granted, they are too', async () => {
    api.served = ['v1beta1']
    for (let count = 0; count < 1000; count++) api.failNext(resource, 'forbidden')
    await stand.start()
    await until(() => stand.known().includes(other), 'the others')
    expect(stand.known()).toEqual([other])
    expect(stand.lines.filter(({ level }) => level === 40).map(({ msg }) => msg)).toEqual([
      expect.stringMatching(new RegExp(
        `^not allowed to watch ${resource} \\(403\\): .*; grant the verbs list and watch on ${resource} \\(ClusterRole and its binding\\), `
        + 'or set --cluster-network-policies off$',
      )),
    ])
    expect(stand.source.status().get(resource)).toMatchObject({ synced: false, connected: false, error: expect.stringContaining('403') })
    api.calm()
    await until(() => stand.known().includes(missing), 'what was forbidden')
  })

  test('while they are in force: they stay so', async () => {
    api.served = ['v1beta1']
    await stand.start()
    for (let count = 0; count < 1000; count++) api.failNext(resource, 'forbidden')
    api.disturb(resource, 'end')
    await until(() => stand.said(`not allowed to watch ${resource}`), 'the log')
    await delay(20)
    expect(stand.known()).toEqual(['cluster-policy /p', 'node n1'])
  })
})
