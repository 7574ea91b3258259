// A compiler that works in steps, and what it says of local pods.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { atOnce } from '../../src/base/steps.ts'
import { podKey } from '../../src/cluster/objects.ts'
import { Compiler } from '../../src/compiler/compiler.ts'
import { applyDelta, emptyContent } from '../../src/nftables/diff.ts'
import { prepareEvaluator } from '../../src/policy/evaluator.ts'
import { DIRECTIONS } from '../../src/policy/types.ts'
import { changesOf, clusterArb, historyArb } from '../arbitrary/cluster.ts'
import { flowsOf } from '../arbitrary/flows.ts'
import { ALL_LOCAL, NODES } from '../arbitrary/pool.ts'
import { pod, policy } from '../policy/state.ts'
import { property } from '../property.ts'
import { canonical } from './canonical.ts'
import { deniedBy } from './credits.ts'

const NODE = NODES[0]

describe('in steps', () => {
  test('the same comes out', () => {
    property(fc.tuple(historyArb(), historyArb()), ([first, second]) => {
      const [atOnceAll, stepwise] = [new Compiler(NODE), new Compiler(NODE)]
      atOnceAll.load(first)
      atOnce(stepwise.loading(first))
      expect(canonical(stepwise.content)).toEqual(canonical(atOnceAll.content))
      const before = { sets: new Map([...stepwise.content.sets].map(([set, elements]) => [set, new Map(elements)])), counters: new Set(stepwise.content.counters) }
      const delta = atOnce(stepwise.applying(second))
      atOnceAll.apply(second)
      expect(canonical(delta === undefined ? before : applyDelta(delta, before))).toEqual(canonical(atOnceAll.content))
    }, 0.3)
  })

  test('a step takes in few of many changes', () => {
    const pods = Array.from({ length: 1000 }, (_, index) => pod(`x/p${index}`, `10.0.${index >> 8}.${index & 255}`))
    const changes = changesOf({ pods, namespaces: [], policies: [policy('x/deny', { podSelector: {} })], clusterPolicies: [], nodes: [] })
    const compiler = new Compiler(NODE)
    const sizes: number[] = []
    for (const steps = compiler.loading(changes); steps.next().done !== true; ) sizes.push(compiler.sizes.localPods)
    expect(sizes.length).toBeGreaterThan(10)
    expect(sizes.at(-1)).toBe(1000)
    expect(compiler.apply([])).toBeUndefined() // what was loaded is no difference
  })

  test('nothing changes nothing', () => {
    const compiler = new Compiler(NODE)
    expect([compiler.apply([]), atOnce(compiler.applying([])), canonical(compiler.content)]).toEqual([undefined, undefined, canonical(emptyContent())])
  })
})

describe('of a local pod it is known', () => {
  test('what can deny it: at least what does', () => {
    property(clusterArb(ALL_LOCAL), (cluster) => {
      const compiler = new Compiler(NODE)
      compiler.load(changesOf(cluster))
      const evaluate = prepareEvaluator(cluster, NODE)
      const claims = cluster.pods.flatMap((each) => each.addresses.map((address) => [address, each] as const))
      for (const flow of flowsOf(cluster)) {
        const verdict = evaluate(flow)
        for (const direction of DIRECTIONS) {
          const denied = verdict[direction]
          if (denied.allowed || denied.reason === 'contested') continue
          const local = direction === 'egress' ? flow.source : flow.destination
          const owners = claims.filter(([address]) => address === local).map(([, each]) => each).filter(({ nodeName, hostNetwork }) => nodeName === NODE && !hostNetwork)
          const keys = owners.map(podKey)
          expect(keys.some((key) => compiler.denials(key, direction).has(deniedBy(denied)))).toBe(true)
          expect(keys.every((key) => compiler.isJudged(key, direction))).toBe(true)
        }
      }
    }, 0.3)
  })

  test('whether it is there', () => {
    const compiler = new Compiler(NODE)
    const [here, elsewhere, ofNode] = [pod('x/here', '10.0.0.1'), pod('x/elsewhere', '10.0.0.2', { nodeName: 'other' }), pod('x/node', '10.0.0.3', { hostNetwork: true })]
    const deny = policy('x/deny', { podSelector: {} })
    compiler.load(changesOf({ pods: [here, elsewhere, ofNode], namespaces: [], policies: [deny], clusterPolicies: [], nodes: [] }))
    expect([here, elsewhere, ofNode].map((each) => compiler.hasLocalPod(podKey(each)))).toEqual([true, false, false])
    expect(compiler.localPods().map(podKey)).toEqual(['x/here'])
    expect([compiler.hasPolicy(deny.key), compiler.hasPolicy('x/none' as never), compiler.hasLocalPod('x/none' as never)]).toEqual([true, false, false])
    expect([compiler.isIsolated(podKey(here), 'ingress'), compiler.isIsolated(podKey(here), 'egress'), compiler.isIsolated(podKey(elsewhere), 'ingress')]).toEqual([true, false, false])
    expect(compiler.isJudged('x/none' as never, 'ingress')).toBe(false)
  })
})
