// ClusterNetworkPolicies are read if the API server serves them: they may come, change and go, and nothing else depends on them.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { until } from '../../lab/patience.ts'
import type { AnswerFault, FakeApi } from './fake-api.ts'
import { clusterPolicy, FAST, node } from './fixture.ts'
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

describe('not served', () => {
  test('everything else works, and no node is asked for', async () => {
    await stand.start()
    expect(stand.known()).toEqual([])
    expect([...stand.source.status().keys()]).toEqual(['namespaces', 'networkpolicies', 'pods'])
    expect(stand.asked('/api/v1/nodes')).toEqual([])
    expect(stand.said('does not serve ClusterNetworkPolicies; vethguard goes on looking')).toBe(true)
  })

  test.each([['v1alpha1'], ['v2', 'v1alpha1']])('a group without a version that is known is as good as none: %s', async (...versions) => {
    api.served = versions
    await stand.start()
    expect([stand.known(), stand.asked(`${GROUP}/`)]).toEqual([[], []])
  })

  test('a version that has other resources only is as good as none', async () => {
    api.served = ['v1beta1']
    api.servedResources = ['adminnetworkpolicies']
    await stand.start()
    expect(stand.known()).toEqual([])
  })

  test('looks again after 5 s, and less often each time, down to once a minute; after they were served, after 5 s again', async () => {
    const waits: number[] = []
    let goOn = (): void => undefined
    const sleep = (ms: number, signal: AbortSignal): Promise<void> => {
      if (ms < 5000 || ms === FAST.nodesMs) return FAST.sleep(ms, signal)
      waits.push(ms)
      return new Promise((resolve) => {
        goOn = resolve
        signal.addEventListener('abort', () => resolve())
      })
    }
    await stand.start({ lookAgainMs: { firstMs: 5000, longestMs: 60_000 }, sleep, random: () => 1 })
    for (let count = 2; count <= 7; count++) {
      goOn()
      await until(() => waits.length === count, 'the next look')
    }
    expect(waits).toEqual([5000, 10_000, 20_000, 40_000, 60_000, 60_000, 60_000])
    api.serve('v1beta1')
    goOn()
    await until(() => stand.known().length === 2, 'both')
    api.serve()
    await until(() => waits.length === 8, 'that they are forgotten')
    expect(waits.at(-1)).toBe(5000)
  })

  test('when they come, they and the nodes are read', async () => {
    await stand.start()
    api.serve('v1beta1')
    await until(() => stand.known().length === 2, 'both')
    expect(stand.known()).toEqual(['cluster-policy /p', 'node n1'])
    expect([...stand.source.status().keys()]).toEqual(['namespaces', 'networkpolicies', 'pods', 'clusternetworkpolicies', 'nodes'])
    await until(() => [...stand.source.status().values()].every(({ connected }) => connected), 'five watches')
  })
})

describe('served', () => {
  test.each([
    ['v1beta1', ['v1alpha2', 'v1beta1']],
    ['v1alpha2', ['v1alpha1', 'v1alpha2']],
  ])('%s is read of %s, before the start is done', async (version, versions) => {
    api.served = versions
    await stand.start()
    expect(stand.known()).toEqual(['cluster-policy /p', 'node n1'])
    const paths = stand.asked(GROUP).filter((path) => path.includes('/clusternetworkpolicies?'))
    expect(paths.map((path) => path.split('/')[3])).toEqual([version])
  })

  test('the start waits for them', async () => {
    api.served = ['v1beta1']
    for (const resource of ['clusternetworkpolicies', 'nodes'] as const) for (let count = 0; count < 3; count++) api.failNext(resource, 'unavailable')
    await stand.start()
    expect(stand.known()).toEqual(['cluster-policy /p', 'node n1'])
  })

  test('changes and problems are reported as they come', async () => {
    api.served = ['v1beta1']
    await stand.start()
    api.put('clusternetworkpolicies', clusterPolicy('q', {}))
    api.put('nodes', node('n1', '10.0.0.2'))
    await until(() => sink.current.size > 0, 'the problem')
    expect(sink.current.get('ClusterNetworkPolicy q')).toMatchObject([{ field: 'spec.egress[0].to[0]', policy: '/q' }])
    api.remove('clusternetworkpolicies', clusterPolicy('q'))
    await until(() => sink.current.size === 0, 'its end')
    await until(() => JSON.stringify(sink.objects.get('node n1')).includes('\\u0002'), 'the address of the node')
  })

  test('each watch begins with all of them: what the server serves may change without an event', async () => {
    api.served = ['v1beta1']
    await stand.start()
    const before = sink.batches.length
    api.history.alter('clusternetworkpolicies', clusterPolicy('p', {}))
    api.disturb('clusternetworkpolicies', 'end')
    await until(() => sink.current.size > 0, 'the problem')
    expect(sink.batches.slice(before)).toMatchObject([[{ key: '/p', now: { egress: [{ peers: 'any' }] } }]])
    expect([stand.relists, stand.lines.filter(({ msg, level }) => msg === 'everything was reread' && level > 20)]).toEqual([[], []])
  })
})

describe('nodes that cannot be read', () => {
  const ofNodes = clusterPolicy('p', { nodes: {} })
  const egress = (): unknown => (sink.objects.get('cluster-policy /p') as { egress: unknown[] }).egress
  beforeEach(() => {
    api.served = ['v1beta1']
    api.history.alter('clusternetworkpolicies', ofNodes)
  })

  test.each<[string, AnswerFault, object]>([
    ['forbidden', 'forbidden', {}],
    ['for long', 'unavailable', { nodesMs: 1 }],
  ])('%s: rules about nodes deny everything and say so, until nodes are read', async (_, fault, timing) => {
    for (let count = 0; count < 1000; count++) api.failNext('nodes', fault)
    await stand.start(timing)
    expect(egress()).toMatchObject([{ action: 'Deny', peers: 'any' }])
    expect(sink.current.get('ClusterNetworkPolicy p')).toMatchObject([{ field: 'spec.egress[0].to', policy: '/p' }])
    expect(stand.said('nodes cannot be read')).toBe(true)
    const before = sink.batches.length
    api.calm()
    await until(() => sink.current.size === 0, 'that the problem ends')
    expect(egress()).toMatchObject([{ action: 'Deny', peers: [{ kind: 'nodes' }] }])
    expect(sink.batches.slice(before).map((batch) => batch.map(({ kind }) => kind))).toEqual([['node'], ['cluster-policy']])
  })

  test('policies that come while the agent runs wait for them', async () => {
    api.served = []
    await stand.start()
    for (let count = 0; count < 3; count++) api.failNext('nodes', 'unavailable')
    api.serve('v1beta1')
    await until(() => stand.known().length === 2, 'both')
    const asked = api.requests.filter((path) => path.startsWith('/api/v1/nodes') || path.includes('/clusternetworkpolicies?'))
    expect(asked.map((path) => path.startsWith('/api/v1/nodes'))).toEqual([true, true, true, true, false])
    expect(egress()).toMatchObject([{ peers: [{ kind: 'nodes' }] }])
  })
})

describe('not served any more', () => {
  const confirmMs = 123_456
  let confirmation: PromiseWithResolvers<undefined>
  beforeEach(async () => {
    api.served = ['v1beta1']
    api.put('clusternetworkpolicies', clusterPolicy('q', {}))
    confirmation = Promise.withResolvers()
    const sleep = (ms: number, signal: AbortSignal): Promise<unknown> => {
      if (ms !== confirmMs) return FAST.sleep(ms, signal)
      signal.addEventListener('abort', () => confirmation.resolve(undefined))
      return confirmation.promise
    }
    await stand.start({ confirmMs, sleep: (ms, signal) => sleep(ms, signal).then(() => undefined) })
    expect([stand.known(), sink.current.size]).toEqual([['cluster-policy /p', 'cluster-policy /q', 'node n1'], 1])
  })

  test.each(['v1alpha2', 'v1beta1'])('all are forgotten, with their problems, and the nodes; when they come back in %s they are read', async (version) => {
    api.serve()
    await until(() => stand.looks() === 2, 'the first look')
    expect(stand.known()).toHaveLength(3)
    confirmation.resolve(undefined)
    await until(() => stand.known().length === 0, 'that they are forgotten')
    await until(() => sink.current.size === 0, 'that problems are forgotten')
    await until(() => stand.source.status().size === 3, 'the status')
    expect(stand.said('does not serve ClusterNetworkPolicies any more: none is in force')).toBe(true)
    api.serve(version)
    await until(() => stand.known().length === 3, 'that they are read')
    expect(sink.current.size).toBe(1)
  })

  test('an API server that does not know them for a moment opens nothing', async () => {
    const before = sink.batches.length
    api.serve()
    await until(() => stand.looks() === 2, 'the first look')
    api.serve('v1beta1')
    confirmation.resolve(undefined)
    await until(() => stand.looks() >= 3, 'the second look')
    await until(() => stand.source.status().get('clusternetworkpolicies')?.connected === true, 'the watch')
    expect(sink.batches.slice(before)).toEqual([])
    api.put('clusternetworkpolicies', clusterPolicy('r'))
    await until(() => stand.known().includes('cluster-policy /r'), 'a change')
  })

  test('nor one that is away between the two looks', async () => {
    const before = sink.batches.length
    api.serve()
    await until(() => stand.looks() === 2, 'the first look')
    await api.stop()
    confirmation.resolve(undefined)
    await until(() => stand.said('cannot look for clusternetworkpolicies'), 'that the second look fails')
    api.served = ['v1beta1']
    await api.listen()
    await until(() => stand.source.status().get('clusternetworkpolicies')?.connected === true, 'the watch')
    expect(sink.batches.slice(before)).toEqual([])
  })

  test.each([['v1alpha2'], ['v1alpha2', 'v2']])('in this version, but in %s: they stay in force until that is read, and differences are one batch', async (...versions) => {
    const before = sink.batches.length
    api.history.alter('clusternetworkpolicies', clusterPolicy('p', { nodes: {} }))
    api.history.alter('clusternetworkpolicies', clusterPolicy('r'))
    api.failNext('clusternetworkpolicies', 'unavailable')
    api.serve(...versions)
    await until(() => stand.asked(`${GROUP}/v1alpha2/clusternetworkpolicies?`).length > 0, 'a request for the other version')
    await until(() => sink.batches.length > before, 'the difference')
    await until(() => stand.source.status().get('clusternetworkpolicies')?.connected === true, 'the watch')
    expect(sink.batches.slice(before)).toMatchObject([[{ key: '/p', now: { egress: [{ peers: [{ kind: 'nodes' }] }] } }, { key: '/r' }]])
    expect(stand.asked('/api/v1/nodes')).toHaveLength(1)
  })
})
