// A policy that applies to a pod of this node: its rules, what they ask of peers, and what each counts as.
import { describe, expect, test } from '@jest/globals'
import type { Asked } from '../../../src/compiler/model.ts'
import { Predicates } from '../../../src/compiler/peers/predicates.ts'
import { activate, type AnyPolicy, deactivate, hitsEver, hitsOf, isClusterPolicy, portsOf } from '../../../src/compiler/stages/active-policy.ts'
import { RuleIndex } from '../../../src/compiler/stages/rule-index.ts'
import { DIRECTIONS } from '../../../src/policy/types.ts'
import { clusterPolicy, policy } from '../../policy/state.ts'
import { networkRules, peer, portPredicate, tierRules } from './notation.ts'

const WEB = { podSelector: { matchLabels: { app: 'web' } } }
const DB = { podSelector: { matchLabels: { app: 'db' } } }
const ANY_POD = { namespaces: {} }
const EVERY_NODE = { nodes: {} }

function kinds(asked: readonly Asked[]): string[] {
  return asked.map(({ kind }) => kind)
}

describe('what a policy asks', () => {
  test.each<[string, AnyPolicy, { ingress: string[]; egress: string[]; local: string[] }]>([
    ['nothing', policy('x/p', { podSelector: {} }), { ingress: [], egress: [], local: [] }],
    ['peers, in each direction', policy('x/p', { podSelector: {}, ingress: [{ from: [WEB, { ipBlock: { cidr: '10.0.0.0/8' } }] }], egress: [{ to: [WEB] }] }), {
      ingress: ['pods', 'block'], egress: ['pods'], local: [],
    }],
    ['all peers of a rule that are of one kind together, blocks by family', policy('x/p', { podSelector: {}, ingress: [{
      from: [WEB, { ipBlock: { cidr: '10.0.0.0/8' } }, DB, { ipBlock: { cidr: '192.0.2.0/24' } }, { ipBlock: { cidr: 'fd00::/8' } }],
    }] }), { ingress: ['pods', 'block', 'block'], egress: [], local: [] }],
    ['nothing of a block of which nothing is left', policy('x/p', { podSelector: {}, ingress: [{
      from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.0.0.0/9', '10.128.0.0/9'] } }],
    }] }), { ingress: [], egress: [], local: [] }],
    ['anybody is no question', policy('x/p', { podSelector: {}, ingress: [{}] }), { ingress: [], egress: [], local: [] }],
    ['egress: names of peers\' ports', policy('x/p', { podSelector: {}, policyTypes: ['Egress'], egress: [{ ports: [{ port: 'web' }, { port: 80 }] }] }), {
      ingress: [], egress: ['name'], local: [],
    }],
    ['ingress: names are the pod\'s own', policy('x/p', { podSelector: {}, ingress: [{ ports: [{ port: 'web' }] }] }), { ingress: [], egress: [], local: ['TCP web'] }],
    ['a tier: pods, nodes, blocks, names of every protocol', clusterPolicy('p', {
      ingress: [{ action: 'Deny', from: [ANY_POD], protocols: [{ destinationNamedPort: 'web' }] }],
      egress: [{ action: 'Deny', to: [EVERY_NODE, { networks: ['10.0.0.0/8', 'fd00::/8'] }] }, { action: 'Pass', to: [ANY_POD], protocols: [{ destinationNamedPort: 'dns' }] }],
    }), { ingress: ['pods'], egress: ['nodes', 'block', 'block', 'pods', 'name', 'name', 'name'], local: ['TCP web', 'UDP web', 'SCTP web'] }],
  ])('%s', (_, of, { ingress, egress, local }) => {
    const active = activate(of, 1, () => new Predicates())
    expect({ ingress: kinds(active.asked.ingress), egress: kinds(active.asked.egress), local: active.localNames.map(({ protocol, name }) => `${protocol} ${name}`) }).toEqual({
      ingress, egress, local,
    })
  })

  test('what two policies ask alike is one predicate, until none asks', () => {
    const predicates = new Predicates()
    const [one, other] = ['x/one', 'x/other'].map((key, id) => activate(policy(key, { podSelector: {}, ingress: [{ from: [WEB] }] }), id, () => predicates))
    expect(one!.asked.ingress).toEqual(other!.asked.ingress)
    expect(predicates.takeAdded()).toEqual(one!.asked.ingress)
    deactivate(one!, predicates)
    expect(predicates.takeRemoved()).toEqual([])
    deactivate(other!, predicates)
    expect(predicates.takeRemoved()).toEqual(one!.asked.ingress)
  })

  test('each kind of policies asks in its own realm', () => {
    const realms = { network: new Predicates(), tiers: new Predicates() }
    const of = [policy('x/one', { podSelector: {}, ingress: [{ from: [WEB] }] }), clusterPolicy('edge', { tier: 'Baseline', ingress: [{ action: 'Deny', from: [ANY_POD] }] })]
    const asked = of.map((each) => activate(each, 1, (tier) => (tier === undefined ? realms.network : realms.tiers)).asked.ingress)
    expect([realms.network.takeAdded(), realms.tiers.takeAdded()]).toEqual(asked)
  })

  test('own namespaces differ: the same selector asks of other pods', () => {
    const predicates = new Predicates()
    const [one, other] = ['x/one', 'y/other'].map((key, id) => activate(policy(key, { podSelector: {}, ingress: [{ from: [WEB] }] }), id, () => predicates))
    expect(one!.asked.ingress).not.toEqual(other!.asked.ingress)
  })
})

describe('directions', () => {
  test.each<[string, AnyPolicy, (number | undefined)[]]>([
    ['a NetworkPolicy without rules isolates', policy('x/p', { podSelector: {}, policyTypes: ['Ingress'] }), [0, undefined]],
    ['for egress only', policy('x/p', { podSelector: {}, policyTypes: ['Egress'], egress: [{}] }), [undefined, 1]],
    ['a ClusterNetworkPolicy without rules says nothing', clusterPolicy('p', {}), [undefined, undefined]],
    ['and with some, as many', clusterPolicy('p', { egress: [{ action: 'Deny', to: [ANY_POD] }, { action: 'Pass', to: [ANY_POD] }] }), [undefined, 2]],
  ])('%s', (_, of, rules) => {
    const active = activate(of, 1, () => new Predicates())
    expect(DIRECTIONS.map((direction) => active.rules[direction]?.length)).toEqual(rules)
    expect(active.tier).toBe(isClusterPolicy(of) ? 'Admin' : undefined)
  })
})

describe('hits', () => {
  const tiered = clusterPolicy('edge', {
    ingress: ['Accept', 'Deny', 'Pass'].map((action) => ({ action, from: [ANY_POD] })), egress: [{ action: 'Deny', to: [ANY_POD] }],
  })

  test('a NetworkPolicy counts as a whole, a ClusterNetworkPolicy by rule', () => {
    const plain = policy('x/p', { podSelector: {}, ingress: [{}, {}] })
    expect(DIRECTIONS.map((direction) => hitsOf(plain, direction).map(({ key }) => key))).toEqual([['x/p'], []])
    expect(DIRECTIONS.map((direction) => hitsOf(tiered, direction).map(({ key }) => key))).toEqual([['/edge/accept-0', '/edge/deny-1', '/edge/pass-2'], ['/edge/deny-0']])
  })

  test('are those that rules have when the policy is active', () => {
    const active = activate(tiered, 1, () => new Predicates())
    for (const direction of DIRECTIONS) expect(active.rules[direction]?.map(({ hit }) => hit)).toEqual(hitsOf(tiered, direction))
  })

  test('of any version of the policy: every action of every rule', () => {
    const ever = hitsEver(tiered, 25).map(({ key }) => key)
    expect(ever).toHaveLength(25 * 3)
    expect(ever).toEqual(expect.arrayContaining([...hitsOf(tiered, 'ingress'), ...hitsOf(tiered, 'egress')].map(({ key }) => key)))
    expect(hitsEver(policy('x/p', { podSelector: {} }), 25).map(({ key }) => key)).toEqual(['x/p'])
  })
})

describe('rules and a peer', () => {
  test('those match that are about anybody, or one of whose predicates holds', () => {
    const rules = tierRules('p', 'deny any', 'deny any from a', 'deny any from b', 'deny any from a b', 'deny any from')
    const index = new RuleIndex(rules)
    const matched = (...groups: string[]): number[] => index.matching(peer(groups).holds).map(({ hit }) => hit.rule!)
    expect([matched(), matched('a'), matched('b'), matched('a', 'b'), matched('c')]).toEqual([[0], [0, 1, 3], [0, 2, 3], [0, 1, 2, 3], [0]])
    expect(index.size).toBe(5)
  })

  test.each([
    ['egress: every number that the peer has for the name, of the protocol', 'TCP web', peer([portPredicate('web', 80), portPredicate('web', 81), portPredicate('web', 82, 'UDP')]), [80, 81]],
    ['egress: the pod\'s own ports do not matter', 'TCP web', peer([]), []],
    ['ingress: the pod\'s own', 'TCP web', peer([portPredicate('web', 80)], [{ name: 'web', protocol: 'TCP', port: 90 }, { name: 'web', protocol: 'UDP', port: 91 }]), [90]],
    ['numbers beside names', 'TCP 1-5, TCP web', peer([portPredicate('web', 80)]), [1, 80]],
  ])('%s', (_, text, of, firsts) => {
    const [rule] = networkRules(`x/p: ${text}`)
    const ports = portsOf(rule!, of)
    expect(ports === 'any' ? ports : ports.map(({ first }) => first)).toEqual(firsts)
  })
})
