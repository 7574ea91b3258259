import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Address } from '../../src/cluster/address.ts'
import { Compiler } from '../../src/compiler/compiler.ts'
import { denyCounter } from '../../src/compiler/counter-names.ts'
import type { Content, CounterName } from '../../src/nftables/content.ts'
import { diff, emptyContent, isEmptyDelta } from '../../src/nftables/diff.ts'
import { FakeKernel } from '../../src/nftables/fake/kernel.ts'
import { replace, update } from '../../src/nftables/transaction.ts'
import { matches } from '../../src/policy/selector.ts'
import { claimantsOf } from '../../src/policy/owner.ts'
import { prepareEvaluator } from '../../src/policy/evaluator.ts'
import type { Direction } from '../../src/policy/types.ts'
import type { DirectionVerdict, Flow } from '../../src/policy/verdict.ts'
import { type Labels, type Pod, podKey } from '../../src/cluster/objects.ts'
import { changesOf, type Cluster, clusterArb, finalState, historyArb } from '../arbitrary/cluster.ts'
import { ALL_LOCAL, NODES } from '../arbitrary/pool.ts'
import { flowsOf } from '../arbitrary/flows.ts'
import { property } from '../property.ts'
import { canonical } from './canonical.ts'
import { type Judged, lookup, lookupOwn } from '../../src/nftables/lookup.ts'
import { countersOf, creditsOf, deniedBy } from './credits.ts'

const NODE = NODES[0]

function compiled(cluster: Cluster): Compiler {
  const compiler = new Compiler(NODE)
  compiler.apply(changesOf(cluster))
  return compiler
}

/** The counters that a packet must hit, by the evaluator's reasons. */
function expectedCounters(cluster: Cluster, direction: Direction, verdict: DirectionVerdict, local: Address): CounterName[] {
  const hits = countersOf(direction, creditsOf(verdict))
  if (verdict.allowed) return hits
  const [first] = claimantsOf(local, cluster.pods).filter(({ nodeName }) => nodeName === NODE).map(podKey).sort()
  return first === undefined ? hits : [...hits, denyCounter(direction, first, deniedBy(verdict))]
}

type SideOfFlow = [Direction, DirectionVerdict, Judged, Address]

/** Compares every interesting flow, and what goes to the pod's own node. */
function expectSame(cluster: Cluster, content: Content): void {
  const evaluate = prepareEvaluator(cluster, NODE)
  for (const flow of flowsOf(cluster)) {
    const isForOwnNode = isOwnNode(cluster, flow)
    const expected = evaluate(flow)
    const actual = isForOwnNode ? lookupOwn(content, flow) : lookup(content, flow)
    const sides: SideOfFlow[] = [
      ['egress', expected.egress, actual.egress, flow.source],
      ...(isForOwnNode ? [] : [['ingress', expected.ingress, actual.ingress, flow.destination] satisfies SideOfFlow]),
    ]
    for (const [direction, verdict, { deniedBy: denies, counters }, local] of sides) {
      const allowed = denies === undefined
      const wanted = expectedCounters(cluster, direction, verdict, local)
      if (allowed === verdict.allowed && counters.join() === wanted.join()) continue
      expect({ flow, direction, verdict, allowed, counters }).toEqual({ flow, direction, verdict, allowed: verdict.allowed, counters: wanted })
    }
  }
}

/** Whether the packet goes to the node that enforces: it passes the hook input, and no pod is asked to let it in. */
function isOwnNode({ nodes }: Cluster, { source, destination }: Flow): boolean {
  return source !== destination && nodes.some(({ name, addresses }) => name === NODE && addresses.includes(destination))
}

/** Local pods that a NetworkPolicy isolates for ingress; others may be for the doubt there is about them. */
function surelyIsolated({ pods, policies }: Cluster): string[] {
  const isIsolated = ({ namespace, labels }: Pod): boolean =>
    policies.some((policy) => policy.namespace === namespace && policy.ingress !== undefined && matches(policy.podSelector, labels))
  return pods.filter((pod) => pod.nodeName === NODE && !pod.hostNetwork && (pod.faulty || isIsolated(pod))).map(podKey).sort()
}

/** A kernel with empty tables, as strict as the real one: what is deleted is there, what is added is not, and counters outlive their uses. */
function newKernel(): FakeKernel {
  const kernel = new FakeKernel()
  void kernel.commit(replace(emptyContent(), new Map()))
  return kernel
}

test('lookups in the compiled program decide and count as the evaluator says', () => {
  property(clusterArb(), (cluster) => expectSame(cluster, compiled(cluster).content))
})

test('incremental = from scratch, whatever the way, and the deltas add up to the content', () => {
  property(fc.tuple(historyArb(), fc.infiniteStream(fc.integer({ min: 1, max: 6 }))), ([history, sizes]) => {
    const compiler = new Compiler(NODE)
    const kernel = newKernel()
    for (let at = 0; at < history.length; ) {
      const size = sizes.next().value as number
      const delta = compiler.apply(history.slice(at, at + size))
      if (delta !== undefined) void kernel.commit(update(delta))
      at += size
    }
    expect(isEmptyDelta(diff(kernel.content, compiler.content))).toBe(true)
    const cluster = finalState(history)
    expect(canonical(kernel.content)).toEqual(canonical(compiled(cluster).content))
    expectSame(cluster, kernel.content)
  })
})

test('each single edit of a running cluster = from scratch', () => {
  property(fc.tuple(clusterArb(ALL_LOCAL), historyArb(ALL_LOCAL)), ([cluster, edits]) => {
    const compiler = compiled(cluster)
    const history = changesOf(cluster)
    for (const edit of edits) {
      compiler.apply([edit])
      history.push(edit)
      expect(canonical(compiler.content)).toEqual(canonical(compiled(finalState(history)).content))
    }
  })
})

test('who is isolated is known, and every change of that shows in the revision', () => {
  property(fc.tuple(clusterArb(ALL_LOCAL), historyArb(ALL_LOCAL)), ([cluster, edits]) => {
    const compiler = compiled(cluster)
    const history = changesOf(cluster)
    const isolated = (of: Compiler): string[] => of.localPods().map(podKey).filter((key) => of.isIsolated(key, 'ingress')).sort()
    for (const edit of edits) {
      const before = { isolated: isolated(compiler), revision: compiler.localRevision }
      compiler.apply([edit])
      history.push(edit)
      const state = finalState(history)
      expect(isolated(compiler)).toEqual(isolated(compiled(state)))
      expect(isolated(compiler)).toEqual(expect.arrayContaining(surelyIsolated(state)))
      if (compiler.localRevision === before.revision) expect(isolated(compiler)).toEqual(before.isolated)
    }
  })
})

test('labels that only look alike when they are written down make different groups', () => {
  const pod = (name: string, labels: Labels): Pod => ({
    namespace: 'x', name, uid: name, labels, nodeName: NODE, addresses: [], hostNetwork: false, phase: 'Running', terminating: false, ports: [], faulty: false,
  })
  const pods = [pod('a', { app: 'web', team: 'ops' }), pod('b', { app: 'web\nteam=ops' }), pod('c', { 'app=web\nteam': 'ops' }), pod('d', { app: 'web' })]
  expect(compiled({ pods, namespaces: [], policies: [], clusterPolicies: [], nodes: [] }).sizes.groups).toBe(4)
})

test('nothing is left when everything is gone', () => {
  property(historyArb(), (history) => {
    const compiler = new Compiler(NODE)
    compiler.apply(history)
    for (const change of history) compiler.apply([{ ...change, now: undefined }])
    expect(canonical(compiler.content)).toEqual([])
    expect(compiler.sizes).toEqual({ pods: 0, groups: 0, localPods: 0, activePolicies: 0, classes: 0, tables: 0, lists: 0 })
  })
})
