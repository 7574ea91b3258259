// What must hold for every cluster, and that the random clusters reach what they are meant to reach.
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { evaluate, prepareEvaluator } from '../../src/policy/evaluator.ts'
import type { Reason } from '../../src/policy/verdict.ts'
import { changesOf, clusterArb, finalState, historyArb } from '../arbitrary/cluster.ts'
import { flowsOf } from '../arbitrary/flows.ts'
import { addressOf, NODES, POOL } from '../arbitrary/pool.ts'
import { flow, pod } from './state.ts'

const REASONS: readonly Reason[] = ['not-a-pod', 'other-node', 'itself', 'not-isolated', 'allowed', 'denied', 'faulty', 'contested']

test('the order of objects never shows', () => {
  fc.assert(fc.property(clusterArb(), (cluster) => {
    const { pods, namespaces, policies, clusterPolicies, nodes } = cluster
    const reversed = {
      pods: pods.toReversed(), namespaces: namespaces.toReversed(), policies: policies.toReversed(),
      clusterPolicies: clusterPolicies.toReversed(), nodes: nodes.toReversed(),
    }
    const [one, other] = [prepareEvaluator(cluster), prepareEvaluator(reversed)]
    for (const flow of flowsOf(cluster).slice(0, 300)) expect(other(flow)).toEqual(one(flow))
  }), { numRuns: 50 })
})

test('another policy takes nothing away from those that it isolates already', () => {
  fc.assert(fc.property(clusterArb().filter(({ policies }) => policies.length > 1), (cluster) => {
    const fewer = prepareEvaluator({ ...cluster, policies: cluster.policies.slice(1) })
    const all = prepareEvaluator(cluster)
    for (const flow of flowsOf(cluster)) {
      if (fewer(flow).ingress.reason === 'allowed') expect(all(flow).ingress.allowed).toBe(true)
      if (fewer(flow).egress.reason === 'allowed') expect(all(flow).egress.allowed).toBe(true)
    }
  }), { numRuns: 50 })
})

test('a flow passes the cluster if it passes at every node', () => {
  fc.assert(fc.property(clusterArb(), fc.nat(), (cluster, at) => {
    const flows = flowsOf(cluster)
    const flow = flows[at % flows.length]
    if (flow === undefined || cluster.pods.some(({ nodeName }) => nodeName === '')) return
    expect(evaluate(cluster, flow).allowed).toBe(NODES.every((node) => evaluate(cluster, flow, node).allowed))
  }))
})

test('a history ends in the cluster whose changes, said alone, mean the same', () => {
  fc.assert(fc.property(historyArb(), (history) => {
    const end = finalState(history)
    expect(finalState(changesOf(end))).toEqual(end)
  }), { numRuns: 50 })
})

test('random clusters reach every reason often, and rules by every kind of peer and port', () => {
  const seen = new Map<string, number>()
  const count = (what: string) => seen.set(what, (seen.get(what) ?? 0) + 1)
  for (const cluster of fc.sample(clusterArb(POOL), { numRuns: 150, seed: 1 })) {
    const judge = prepareEvaluator(cluster, NODES[0])
    const policies = new Map(cluster.policies.map((policy) => [policy.key, policy]))
    const judged = flowsOf(cluster).map(judge)
    for (const { ingress, egress } of judged) {
      for (const { reason } of [ingress, egress]) count(reason)
      const rules = [
        ...ingress.allowedBy.map(({ policy, rule }) => policies.get(policy)!.ingress![rule]!),
        ...egress.allowedBy.map(({ policy, rule }) => policies.get(policy)!.egress![rule]!),
      ]
      for (const { peers, ports } of rules) {
        count(`peers ${kindsOf(peers)}`)
        count(`ports ${kindsOf(ports)}`)
      }
    }
  }
  for (const what of [...REASONS, 'peers any', 'peers pods', 'peers block', 'ports any', 'ports name', 'ports number']) {
    expect(`${what}: ${(seen.get(what) ?? 0) >= 20}`).toBe(`${what}: true`)
  }
})

/** 'any', or the kinds in the list. */
function kindsOf(list: readonly { readonly kind: string }[] | 'any'): string {
  return list === 'any' ? 'any' : [...new Set(list.map(({ kind }) => kind))].sort().join()
}

test('what pods of two nodes contest is exempt by the own node of neither', () => {
  const pods = [pod('x/a', '10.0.0.9', { nodeName: NODES[0] }), pod('x/b', '10.0.0.9', { nodeName: NODES[1] })]
  const nodes = [{ name: NODES[0], labels: {}, addresses: [addressOf('10.0.0.1')] }]
  const cluster = { pods, namespaces: [], policies: [], clusterPolicies: [], nodes }
  for (const each of [cluster, { ...cluster, pods: pods.toReversed() }]) {
    expect(evaluate(each, flow('10.0.0.9 > 10.0.0.1 TCP 80')).egress).toMatchObject({ allowed: false, reason: 'contested' })
  }
})
