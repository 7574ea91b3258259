// Whatever happens between us and the API server, in any order: in the end we know what it knows, and nothing was told twice.
import { isDeepStrictEqual } from 'node:util'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { ResourceName } from '../../src/kube/reflector/resource.ts'
import { asyncProperty } from '../property.ts'
import { until } from '../../lab/patience.ts'
import { type AnswerFault, type Asked, FakeApi, type StreamFault } from './fake-api.ts'
import type { FakeObject } from './fake-history.ts'
import { clusterPolicy, listeningLog, namespace, node, pod, policy, SHORT_SILENCE, sourceOn } from './fixture.ts'
import { RESOURCES, stateOf, StrictSink } from './strict-sink.ts'

type Step = (api: FakeApi) => void | Promise<void>

const ANSWERS: readonly AnswerFault[] = [
  'gone', 'throttled', 'broken', 'unavailable', 'unauthorized', 'forbidden', 'reset', 'mute', 'too-large', 'error-event',
]
const STREAMS: readonly StreamFault[] = [
  'reset', 'end', 'half-line', 'silence', 'expired', 'duplicate', 'bookmark', 'pieces', 'garbage',
]

/** Variants of an object: with other content, with content that does not matter, wrong, ended, another of the same name. */
const VARIANTS: Readonly<Record<ResourceName, readonly ((name: string) => FakeObject)[]>> = {
  pods: [
    (name) => pod(name),
    (name) => pod(name, { note: 'does not matter' }),
    (name) => pod(name, { app: 'b', ip: '10.0.0.2' }),
    (name) => pod(name, { ip: 'nonsense' }),
    (name) => pod(name, { phase: 'Succeeded' }),
    (name) => pod(name, { uid: 'another' }),
  ],
  namespaces: [(name) => namespace(name), (name) => namespace(name, 'b'), (name) => ({ metadata: { name, labels: { wrong: 1 } } })],
  networkpolicies: [(name) => policy(name), (name) => policy(name, 'fd00::/8'), (name) => policy(name, 'nonsense')],
  clusternetworkpolicies: [(name) => clusterPolicy(name), (name) => clusterPolicy(name, { nodes: {} }), (name) => clusterPolicy(name, {})],
  nodes: [(name) => node(name), (name) => node(name, '10.0.0.2'), (name) => node(name, 'nonsense'), (name) => node(name, '10.0.0.1', 'b')],
}

const WAIT: [string, Step] = ['wait long', () => delay(90)]
const resource = fc.constantFrom(...RESOURCES)
const name = fc.constantFrom('a', 'b', 'c', 'd', 'e')
const put = fc.tuple(resource, name, fc.nat(5)).map(([of, called, variant]): [string, Step] => {
  const make = VARIANTS[of][variant % VARIANTS[of].length]!
  return [`put ${of} ${called} ${variant}`, (api) => api.put(of, make(called))]
})
const remove = fc.tuple(resource, name).map(([of, called]): [string, Step] => {
  return [`remove ${of} ${called}`, (api) => api.remove(of, VARIANTS[of][0]!(called))]
})
const answer = fc.tuple(fc.oneof(resource, fc.constant<Asked>('discovery')), fc.constantFrom(...ANSWERS)).map(([of, fault]): [string, Step] => {
  return [`answer ${of} ${fault}`, (api) => api.failNext(of, fault)]
})
const stream = fc.tuple(resource, fc.constantFrom(...STREAMS)).map(([of, fault]): [string, Step] => {
  return [`stream ${of} ${fault}`, (api) => api.disturb(of, fault)]
})
const serve = fc.subarray(['v1alpha1', 'v1alpha2', 'v1beta1']).map((versions) => serving(...versions))
const others = fc.constantFrom<[string, Step]>(
  WAIT,
  ['compact', ({ history }) => history.compact()],
  ['no WatchList', (api) => void (api.streamsInitialEvents = false)],
  ['WatchList', (api) => void (api.streamsInitialEvents = true)],
  ['forget pages', (api) => void (api.forgetsPages = true)],
  ['restart', async (api) => {
    await api.stop()
    await delay(3)
    await api.listen()
  }],
)
const wait = fc.nat(3).map((ms): [string, Step] => [`wait ${ms}`, () => delay(ms)])
const step = fc.oneof({ weight: 4, arbitrary: wait }, { weight: 5, arbitrary: put }, { weight: 2, arbitrary: remove }, answer, { weight: 3, arbitrary: stream },
  serve, others)

const script = fc.array(step, { minLength: 5, maxLength: 60 }).map(scriptOf)

function serving(...versions: readonly string[]): [string, Step] {
  return [`serve ${versions.join()}`, (api) => api.serve(...versions)]
}

/** Printed by its words. */
function scriptOf(steps: readonly [string, Step][]) {
  return { steps, toString: () => steps.map(([words]) => words).join('; ') }
}

/** Each fault alone: by chance one may hardly ever come to pass. */
const EXAMPLES = [
  ...ANSWERS.map((fault): [string, Step] => [`end, and answer ${fault}`, (api) => {
    api.failNext('pods', fault)
    api.disturb('pods', 'end')
  }]),
  ...STREAMS.map((fault): [string, Step] => [`stream ${fault}`, (api) => api.disturb('pods', fault)]),
  serving('v1beta1'),
  serving(),
].map((fault) => scriptOf([WAIT, fault, WAIT]))

test('after any faults the source has what the server has, and told each change once', async () => {
  const kinds = new Set<string>()
  await asyncProperty(script, async ({ steps }) => {
    const api = new FakeApi()
    api.served = ['v1alpha2']
    for (const called of ['a', 'b', 'c', 'd']) for (const of of RESOURCES) api.put(of, VARIANTS[of][0]!(called))
    await api.listen()
    const restarted = (_: ResourceName, reason: string): void => void kinds.add(reason)
    const { log, lines } = listeningLog()
    const source = sourceOn(api, SHORT_SILENCE, { restarted, relisted: () => kinds.add('relisted') }, log)
    const sink = new StrictSink()
    const started = source.start(sink)
    try {
      for (const [, run] of steps) await run(api)
      api.calm()
      await started
      const story = (): string => JSON.stringify([lines.slice(-10), api.requests.slice(-5), [...source.status()]], null, 1)
      await until(() => isDeepStrictEqual(sink.state(), stateOf(api)), story)
      expect(sink.faults).toEqual([])
      for (const { msg } of lines) if (msg.includes('serve ClusterNetworkPolicies any more')) kinds.add('forgotten')
      if (lines.filter(({ msg }) => msg === 'the API server serves ClusterNetworkPolicies').length > 1) kinds.add('another version')
    } finally {
      await source.close()
      await api.stop()
    }
  }, 0.5, EXAMPLES)
  const common = ['ended', 'expired', 'throttled', 'unauthorized', 'forbidden', 'refused', 'silent', 'malformed', 'connection', 'relisted', 'forgotten', 'another version']
  expect(common.filter((reason) => !kinds.has(reason))).toEqual([]) // the property means nothing if the faults do not happen
})
