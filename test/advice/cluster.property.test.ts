// Advice about ClusterNetworkPolicies, after any history = what the reference evaluator's own functions say of every pod at its end.
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { advise, MAX_WARNINGS } from '../../src/advice/advise.ts'
import { atOnce } from '../../src/base/steps.ts'
import { type AddressRange, parseCidr } from '../../src/cluster/address.ts'
import { Compiler } from '../../src/compiler/compiler.ts'
import { prepareEvaluator } from '../../src/policy/evaluator.ts'
import { matches } from '../../src/policy/selector.ts'
import { type ClusterPeer, type ClusterPolicy, DIRECTIONS, type Subject } from '../../src/policy/types.ts'
import { changesOf, type Cluster, clusterArb, finalState, historyArb } from '../arbitrary/cluster.ts'
import { flowsOf } from '../arbitrary/flows.ts'
import { NODES } from '../arbitrary/pool.ts'
import { property } from '../property.ts'

const NODE = NODES[0]
const SERVICES = [parseCidr('192.0.2.0/24')] as AddressRange[] // which no block of random policies is in
const LIST = { ingress: 'from', egress: 'to' }

/** Pods that selectors may match, those included that have no address. */
function podsIn(cluster: Cluster, { namespaces, pods }: Subject): Cluster['pods'] {
  return cluster.pods.filter((pod) => {
    const labels = cluster.namespaces.find(({ name }) => name === pod.namespace)?.labels
    const isInNamespaces = namespaces.requirements.length === 0 || (labels !== undefined && matches(namespaces, labels))
    return !pod.hostNetwork && isInNamespaces && matches(pods, pod.labels)
  })
}

function isMatched(cluster: Cluster, peer: ClusterPeer): boolean {
  if (peer.kind === 'block') return true
  if (peer.kind === 'nodes') return cluster.nodes.some(({ labels, addresses }) => addresses.length > 0 && matches(peer.nodes, labels))
  return podsIn(cluster, { namespaces: peer.namespaces === 'own' ? peer.pods : peer.namespaces, pods: peer.pods }).some(({ faulty }) => !faulty)
}

function expectedOf(cluster: Cluster, policy: ClusterPolicy): string[] {
  const subject = podsIn(cluster, policy.subject)
  const isHere = subject.some(({ nodeName }) => nodeName === NODE)
  const isEveryPod = policy.subject.namespaces.requirements.length + policy.subject.pods.requirements.length === 0
  const ofSubject = isEveryPod || subject.some(({ faulty }) => !faulty) ? [] : ['selects-no-pod spec.subject']
  if (!isHere) return ofSubject
  const ofRules = DIRECTIONS.flatMap((direction) => policy[direction].flatMap(({ peers }, index) => {
    const isUnmatched = peers !== 'any' && !peers.every((peer) => isMatched(cluster, peer))
    return isUnmatched ? [`peer-matches-nothing spec.${direction}[${index}].${LIST[direction]}`] : []
  }))
  return [...ofSubject, ...ofRules]
}

/** `policy field` of each rule that has a part in any flow. */
function reachedRules(cluster: Cluster): Set<string> {
  const judge = prepareEvaluator(cluster)
  return new Set(flowsOf(cluster).map(judge).flatMap((verdict) => DIRECTIONS.flatMap((direction) => {
    const { passedBy, decidedBy } = verdict[direction]
    return [...passedBy, ...(decidedBy === undefined ? [] : [decidedBy])].map(({ policy, rule }) => `${policy} spec.${direction}[${rule}]`)
  })))
}

/** How often each kind of advice was given: each must come up. */
const given = new Map<string, number>()

function count(reason: string): void {
  given.set(reason, (given.get(reason) ?? 0) + 1)
}

test('advice depends on the state of the cluster alone, and a rule that is said to be never reached never has a part in anything', () => {
  property(fc.tuple(clusterArb(), historyArb()), ([first, history]) => {
    const compiler = new Compiler(NODE)
    compiler.load(changesOf(first))
    for (const change of history) compiler.apply([change])
    const cluster = finalState([...changesOf(first), ...history])
    const unreached = new Set<string>()
    for (const policy of compiler.queries.clusterPolicies()) {
      const advice = atOnce(advise(policy, { queries: compiler.queries, serviceRanges: SERVICES }))
      expect(advice.length).toBeLessThan(MAX_WARNINGS)
      for (const { reason, field } of advice) {
        count(reason)
        if (reason === 'rule-never-reached') unreached.add(`${policy.key} ${field}`)
      }
      const said = advice.filter(({ reason }) => reason === 'selects-no-pod' || reason === 'peer-matches-nothing')
      expect({ policy, said: said.map(({ reason, field }) => `${reason} ${field}`) }).toEqual({ policy, said: expectedOf(cluster, policy) })
    }
    const reached = unreached.size > 0 ? reachedRules(cluster) : new Set()
    expect([...unreached].filter((rule) => reached.has(rule))).toEqual([])
  }, 0.3)
  expect([...given.keys()].sort()).toEqual(['named-port-unknown', 'peer-matches-nothing', 'rule-never-reached', 'selects-no-pod'])
})
