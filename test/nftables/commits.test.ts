// A packet that is being judged when the kernel takes a commit: its first look-ups find the old content, the later ones the new. It may
// be dropped, since its sender sends it again, but it may not be accepted where both contents deny.
import { describe, expect, test } from '@jest/globals'
import { Compiler } from '../../src/compiler/compiler.ts'
import { type Address, parseAddress } from '../../src/cluster/address.ts'
import { podKey } from '../../src/cluster/objects.ts'
import type { Content } from '../../src/nftables/content.ts'
import { type Lookup, lookup, lookupOwn, type Tuple } from '../../src/nftables/lookup.ts'
import type { Change } from '../../src/source.ts'
import { changesOf, clusterArb } from '../arbitrary/cluster.ts'
import { flowsOf } from '../arbitrary/flows.ts'
import { ALL_LOCAL, NODES } from '../arbitrary/pool.ts'
import { clusterPolicy, namespace, pod, policy } from '../policy/state.ts'
import { property } from '../property.ts'
import { deleted, torn } from './torn.ts'

const NODE = NODES[0]

type Judge = (content: Content, tuple: Tuple) => Lookup

function copy({ sets, counters }: Content): Content {
  return { sets: new Map(Array.from(sets, ([name, elements]) => [name, new Map(elements)])), counters: new Set(counters) }
}

interface Commit {
  readonly before: Content
  /** What packets find that are being judged. */
  readonly after: Content
  /** What later packets find. */
  readonly then: Content
}

/** Expects that nothing is accepted that was denied before and is denied after. */
function expectNoGap(judge: Judge, { before, after, then }: Commit, tuple: Tuple): void {
  const [old, now] = [judge(before, tuple), judge(then, tuple)]
  for (const verdict of torn(before, after, (content) => judge(content, tuple))) {
    for (const direction of ['egress', 'ingress'] as const) {
      const isAccepted = verdict[direction].deniedBy === undefined
      if (!isAccepted || old[direction].deniedBy === undefined || now[direction].deniedBy === undefined) continue
      expect({ direction, tuple, verdict }).toEqual('denied, as before and after')
    }
  }
}

test.each([['pods', lookup], ['the own node', lookupOwn]] as const)('while the tables are deleted nothing gets through to %s that was denied', (_, judge) => {
  property(clusterArb(ALL_LOCAL), (cluster) => {
    const compiler = new Compiler(NODE)
    compiler.load(changesOf(cluster))
    for (const flow of flowsOf(cluster)) {
      if (flow.source === flow.destination) continue // a pod may always reach itself but for what Admin denies
      const before = compiler.content
      expectNoGap(judge, { before, after: deleted(before), then: before }, flow)
    }
  }, 1 / 10)
})

describe('while a stage comes or goes', () => {
  const client = pod('x/client', '10.0.0.1', { labels: { app: 'client' } })
  const server = pod('x/server', '10.0.0.2', { labels: { app: 'server' } })
  const TO_SERVER: Tuple = { source: address('10.0.0.1'), destination: address('10.0.0.2'), protocol: 'TCP', port: 80 }
  const isolate = policy('x/isolate', { podSelector: { matchLabels: { app: 'server' } }, policyTypes: ['Ingress'] })
  const subject = { namespaces: {} }
  const from = [{ namespaces: {} }]
  const other = clusterPolicy('other', { tier: 'Admin', priority: 1, subject, ingress: [{ name: 'r', action: 'Accept', from: [{ namespaces: { matchLabels: { no: 'such' } } }] }] })
  const baseline = clusterPolicy('baseline', { tier: 'Baseline', priority: 1, subject, ingress: [{ name: 'r', action: 'Deny', from }] })
  const put = (of: typeof other | typeof isolate): Change => ('tier' in of ? { kind: 'cluster-policy', key: of.key, now: of } : { kind: 'policy', key: of.key, now: of })
  const gone = (of: typeof other | typeof isolate): Change => ({ ...put(of), now: undefined })
  const cluster: Change[] = [
    { kind: 'namespace', key: 'x', now: namespace('x') },
    ...[client, server].map((each): Change => ({ kind: 'pod', key: podKey(each), now: each })),
  ]

  test.each<[string, Change[], Change[]]>([
    ['ClusterNetworkPolicies go, and NetworkPolicies deny', [put(isolate), put(other)], [gone(other)]],
    ['ClusterNetworkPolicies come, and NetworkPolicies deny', [put(isolate)], [put(other)]],
    ['NetworkPolicies isolate what Baseline denied', [put(other), put(baseline)], [put(isolate)]],
    ['NetworkPolicies go, and Baseline denies', [put(other), put(baseline), put(isolate)], [gone(isolate)]],
  ])('%s', (_, first, then) => {
    const compiler = new Compiler(NODE)
    compiler.apply([...cluster, ...first].map((change) => (change.kind === 'pod' && change.now ? { ...change, now: { ...change.now, nodeName: NODE } } : change)))
    const before = copy(compiler.content)
    compiler.apply(then)
    expect([lookup(before, TO_SERVER).allowed, lookup(compiler.content, TO_SERVER).allowed]).toEqual([false, false])
    expectNoGap(lookup, { before, after: compiler.content, then: compiler.content }, TO_SERVER)
  })
})

function address(text: string): Address {
  return parseAddress(text)!
}
