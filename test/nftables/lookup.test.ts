// What lookup.ts says of a connection is what the rules of the program do with its first packet, and it asks the same sets in the same order.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { Compiler } from '../../src/compiler/compiler.ts'
import type { Content } from '../../src/nftables/content.ts'
import { emptyContent } from '../../src/nftables/diff.ts'
import { type Lookup, lookup, lookupOwn, type Tuple } from '../../src/nftables/lookup.ts'
import type { SetName } from '../../src/nftables/schema.ts'
import type { Flow } from '../../src/policy/verdict.ts'
import { changesOf, type Cluster, clusterArb } from '../arbitrary/cluster.ts'
import { flowsOf } from '../arbitrary/flows.ts'
import { ALL_LOCAL, NODES } from '../arbitrary/pool.ts'
import { clusterPolicy, flow, pod, policy } from '../policy/state.ts'
import { property } from '../property.ts'
import { type Passage, run } from './interpreter.ts'
import { deleted, torn } from './torn.ts'

const NODE = NODES[0]

type Hook = 'forward' | 'input'
const LOOKUP: Readonly<Record<Hook, (content: Content, tuple: Tuple) => Lookup>> = { forward: lookup, input: lookupOwn }

function contentOf(cluster: Cluster): Content {
  const compiler = new Compiler(NODE)
  compiler.load(changesOf(cluster))
  return compiler.content
}

/** What the rules must do: ingress is not asked of a packet that egress drops. A packet leaves with the priority 0, or not at all. */
function passageOf({ allowed, egress, ingress }: Lookup): Pick<Passage, 'isDropped' | 'counters'> {
  return { isDropped: !allowed, counters: egress.deniedBy === undefined ? [...egress.counters, ...ingress.counters] : egress.counters }
}

function expectSame(tuple: Tuple, said: Lookup, { isDropped, counters, priority }: Passage): void {
  const expected = passageOf(said)
  const isSame = isDropped === expected.isDropped && counters.join() === expected.counters.join()
  if (isSame && (isDropped || priority === 0)) return
  expect({ tuple, isDropped, counters, priority }).toEqual({ tuple, ...expected, priority: 0 })
}

/** The sets that are asked, in order. */
function asked(content: Content, judge: (content: Content) => unknown): SetName[] {
  const names: SetName[] = []
  const get = (set: SetName): ReturnType<Content['sets']['get']> => {
    names.push(set)
    return content.sets.get(set)
  }
  judge({ counters: content.counters, sets: { get } as unknown as Content['sets'] })
  return names
}

/** One flow of each kind of protocol between any two ends: enough to come by every rule. */
function someFlows(cluster: Cluster): Flow[] {
  return flowsOf(cluster).filter(({ protocol, port }) => protocol === 'other' || port === 80)
}

describe.each<Hook>(['forward', 'input'])('rules and lookup say the same of what passes the hook %s', (hook) => {
  test('what is dropped and what counts, in order; and no priority is left', () => {
    property(clusterArb(ALL_LOCAL), (cluster) => {
      const content = contentOf(cluster)
      for (const tuple of flowsOf(cluster)) expectSame(tuple, LOOKUP[hook](content, tuple), run(content, hook, tuple))
    }, 1 / 5)
  })

  test('which sets are asked, in which order', () => {
    property(clusterArb(ALL_LOCAL), (cluster) => {
      const content = contentOf(cluster)
      for (const tuple of someFlows(cluster)) {
        const byRules = asked(content, (each) => run(each, hook, tuple))
        const byLookup = asked(content, (each) => LOOKUP[hook](each, tuple))
        const isEgressDenied = LOOKUP[hook](content, tuple).egress.deniedBy !== undefined
        const compared = isEgressDenied ? byLookup.slice(0, byRules.length) : byLookup // lookup says what ingress would do, too
        if (byRules.join() !== compared.join()) expect({ tuple, sets: byRules }).toEqual({ tuple, sets: compared })
      }
    }, 1 / 5)
  })

  test.each<[string, (cluster: Cluster) => Content]>([
    ['a content that has nothing to do with the one before', contentOf],
    ['a deleted table', (cluster) => deleted(contentOf(cluster))],
    ['nothing', emptyContent],
  ])('while a commit falls between two look-ups: %s', (_, contentAfter) => {
    property(fc.tuple(clusterArb(ALL_LOCAL), clusterArb(ALL_LOCAL)), ([first, second]) => {
      const [before, after] = [contentOf(first), contentAfter(second)]
      for (const tuple of someFlows(first)) {
        const said = [...torn(before, after, (content) => LOOKUP[hook](content, tuple))]
        const done = [...torn(before, after, (content) => run(content, hook, tuple))]
        for (const [at, passage] of done.entries()) expectSame(tuple, said[at]!, passage)
      }
    }, 1 / 20)
  })
})

describe('look-ups of a new connection', () => {
  const [web, db, far] = [pod('x/web', '10.0.0.10'), pod('x/db', '10.0.0.11'), pod('x/far', '10.0.0.12', { nodeName: 'elsewhere' })]
  const ofDb = Array.from({ length: 50 }, (_, index) => policy(`x/p${index}`, {
    podSelector: { matchLabels: { app: 'db' } }, ingress: [{ from: [{ podSelector: {} }], ports: [{ port: 1000 + index }] }],
  }))
  const cluster = { pods: [web, db, far], namespaces: [], policies: ofDb, clusterPolicies: [], nodes: [] }
  const toDb = flow('10.0.0.12 > 10.0.0.11 TCP 1007')
  const setsOf = (of: Cluster, tuple: Tuple): SetName[] => {
    const content = contentOf(of)
    return asked(content, (each) => run(each, 'forward', tuple))
  }

  test('of a pod that no policy is about are those that ask for it', () => {
    expect(setsOf({ ...cluster, policies: [] }, toDb)).toEqual(['out_judged4', 'in_judged4'])
  })

  test('of an isolated pod are five, at any number of policies', () => {
    const five = ['in_judged4', 'in_tiers4', 'class4', 'in_pair4', 'verdict_ports']
    expect(setsOf({ ...cluster, policies: ofDb.slice(7, 8) }, toDb)).toEqual(['out_judged4', ...five])
    expect(setsOf(cluster, toDb)).toEqual(['out_judged4', ...five])
  })

  test('of a pod that a tier judges are one more, and of others as many as before', () => {
    const edge = clusterPolicy('edge', {
      subject: { pods: { podSelector: { matchLabels: { app: 'web' } } } },
      ingress: [{ action: 'Accept', from: [{ pods: { podSelector: {} } }], protocols: [{ tcp: { destinationPort: { number: 80 } } }] }],
    })
    const both = { ...cluster, clusterPolicies: [edge] }
    expect(setsOf(both, toDb)).toEqual(setsOf(cluster, toDb))
    expect(setsOf(both, flow('10.0.0.12 > 10.0.0.10 TCP 80'))).toEqual(['out_judged4', 'in_judged4', 'in_tiers4', 'tier_class4', 'in_admin4', 'tier_ports', 'tier_counters'])
  })
})
