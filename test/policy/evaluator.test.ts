// The meaning of NetworkPolicy, trap by trap (the 48 situations are in test/situations).
import { describe, expect, test } from '@jest/globals'
import type { Pod } from '../../src/cluster/objects.ts'
import { evaluate } from '../../src/policy/evaluator.ts'
import type { ClusterPolicy, Policy } from '../../src/policy/types.ts'
import { clusterPolicy, flow, namespace, pod, policy } from './state.ts'

const A = pod('x/a', '10.0.0.1 fd00::1')
const B = pod('x/b', '10.0.0.2 fd00::2')
const C = pod('y/c', '10.0.0.3 fd00::3', { nodeName: 'node-b' })
const NAMESPACES = [namespace('x'), namespace('y', { team: 'red' })]
const DENY_IN = policy('x/deny', { podSelector: {}, policyTypes: ['Ingress'] })

function judge(text: string, policies: readonly Policy[], pods: readonly Pod[] = [A, B, C], node?: string) {
  return evaluate({ pods, namespaces: NAMESPACES, policies }, flow(text), node)
}

function isAllowed(text: string, policies: readonly Policy[], pods?: readonly Pod[]): boolean {
  return judge(text, policies, pods).allowed
}

/** Ingress rules for every pod of namespace x. */
function allow(...rules: object[]): Policy {
  return policy('x/allow', { podSelector: {}, policyTypes: ['Ingress'], ingress: rules })
}

/** Egress rules for every pod of namespace x. */
function allowOut(...rules: object[]): Policy {
  return policy('x/allow-out', { podSelector: {}, policyTypes: ['Egress'], egress: rules })
}

describe('reasons', () => {
  test('every isolating policy and every allowing rule is named, in order', () => {
    const second = policy('x/second', { podSelector: {}, ingress: [{ ports: [{ port: 1 }] }, { ports: [{ port: 80 }] }, {}] })
    const { ingress, egress } = judge('10.0.0.2 > 10.0.0.1 TCP 80', [second, DENY_IN, allow({})])
    expect(ingress.reason).toBe('allowed')
    expect(ingress.isolatedBy).toEqual(['x/allow', 'x/deny', 'x/second'])
    expect(ingress.allowedBy).toEqual([{ policy: 'x/allow', rule: 0 }, { policy: 'x/second', rule: 1 }, { policy: 'x/second', rule: 2 }])
    expect(egress).toEqual({ allowed: true, reason: 'not-isolated', isolatedBy: [], allowedBy: [], passedBy: [], decidedBy: undefined })
  })

  test.each([
    ['8.8.8.8 > 9.9.9.9 TCP 80', 'not-a-pod', 'not-a-pod'],
    ['8.8.8.8 > 10.0.0.1 TCP 80', 'not-a-pod', 'denied'],
    ['10.0.0.1 > 10.0.0.1 TCP 80', 'itself', 'itself'],
    ['10.0.0.1 > 10.0.0.3 TCP 80', 'not-isolated', 'not-isolated'],
    ['fd00::3 > fd00::1 UDP 53', 'not-isolated', 'denied'],
  ])('%s: egress %s, ingress %s', (text, egress, ingress) => {
    const verdict = judge(text, [DENY_IN])
    expect([verdict.egress.reason, verdict.ingress.reason]).toEqual([egress, ingress])
  })

  test('NetworkPolicies never keep a pod from itself, and a ClusterNetworkPolicy may', () => {
    const isolated = [DENY_IN, policy('x/out', { podSelector: {}, policyTypes: ['Egress'] })]
    const rules = (to: string) => [{ action: 'Deny', [to]: [{ namespaces: {} }] }]
    const state = { pods: [A], namespaces: NAMESPACES, policies: isolated }
    const itself = flow('10.0.0.1 > 10.0.0.1 TCP 80') // as it is seen when it went through a Service
    expect(evaluate(state, itself)).toMatchObject({ egress: { reason: 'itself' }, ingress: { reason: 'itself' } })
    const judged = evaluate({ ...state, clusterPolicies: [clusterPolicy('p', { ingress: rules('from'), egress: rules('to') })] }, itself)
    expect(judged).toMatchObject({ egress: { reason: 'refused' }, ingress: { reason: 'refused' } })
  })

  test('a node judges its own pods only', () => {
    const both = [DENY_IN, policy('y/deny', { podSelector: {}, policyTypes: ['Egress'] })]
    expect(judge('10.0.0.3 > 10.0.0.1 TCP 80', both, undefined, 'node-a')).toMatchObject({
      egress: { reason: 'other-node', allowed: true },
      ingress: { reason: 'denied' },
    })
    expect(judge('10.0.0.3 > 10.0.0.1 TCP 80', both, undefined, 'node-b')).toMatchObject({
      egress: { reason: 'denied' },
      ingress: { reason: 'other-node', allowed: true },
    })
  })

  test('both ends must allow', () => {
    expect(isAllowed('10.0.0.1 > 10.0.0.2 TCP 80', [allow({}), allowOut()])).toBe(false)
    expect(isAllowed('10.0.0.1 > 10.0.0.2 TCP 80', [allow({}), allowOut({})])).toBe(true)
    expect(isAllowed('10.0.0.1 > 10.0.0.2 TCP 80', [DENY_IN, allowOut({})])).toBe(false)
  })
})

describe('peers', () => {
  const fromTeam = allow({ from: [{ namespaceSelector: { matchLabels: { team: 'red' } } }] })
  const notBlue = allow({ from: [{ namespaceSelector: { matchExpressions: [{ key: 'team', operator: 'NotIn', values: ['blue'] }] } }] })
  const stranger = pod('unknown/d', '10.0.0.4')

  test('any peer of a missing list includes the outside, in both families', () => {
    expect(isAllowed('8.8.8.8 > 10.0.0.1 TCP 80', [allow({})])).toBe(true)
    expect(isAllowed('2001:db8::1 > fd00::1 TCP 80', [allow({})])).toBe(true)
  })

  test('all pods of all namespaces are not the outside', () => {
    expect(isAllowed('10.0.0.3 > 10.0.0.1 TCP 80', [allow({ from: [{ namespaceSelector: {} }] })])).toBe(true)
    expect(isAllowed('8.8.8.8 > 10.0.0.1 TCP 80', [allow({ from: [{ namespaceSelector: {} }] })])).toBe(false)
  })

  test('namespace labels', () => {
    expect(isAllowed('10.0.0.3 > 10.0.0.1 TCP 80', [fromTeam])).toBe(true)
    expect(isAllowed('10.0.0.2 > 10.0.0.1 TCP 80', [fromTeam])).toBe(false)
    expect(isAllowed('10.0.0.2 > 10.0.0.1 TCP 80', [notBlue])).toBe(true)
  })

  test('a namespace not known matches only what needs none of its labels', () => {
    const pods = [A, stranger, pod('unknown/e', '10.0.0.5')]
    const inUnknown = policy('unknown/p', { podSelector: {}, ingress: [{ from: [{ podSelector: {} }] }] })
    expect(isAllowed('10.0.0.4 > 10.0.0.1 TCP 80', [notBlue], pods)).toBe(false)
    expect(isAllowed('10.0.0.4 > 10.0.0.1 TCP 80', [allow({ from: [{ namespaceSelector: {} }] })], pods)).toBe(true)
    expect(isAllowed('10.0.0.4 > 10.0.0.5 TCP 80', [inUnknown], pods)).toBe(true)
    expect(isAllowed('10.0.0.1 > 10.0.0.5 TCP 80', [inUnknown], pods)).toBe(false)
  })

  test('a namespace not known is in subjects and peers of ClusterNetworkPolicies that are about all namespaces, and in no others', () => {
    const deny = (name: string, subject: object, peer: object) => clusterPolicy(name, { subject, ingress: [{ action: 'Deny', from: [peer] }] })
    const [all, others] = [{ namespaces: {} }, { namespaces: { matchExpressions: [{ key: 'team', operator: 'NotIn', values: ['blue'] }] } }]
    const decided = (text: string, ...policies: ClusterPolicy[]) => (
      evaluate({ pods: [A, stranger], namespaces: NAMESPACES, policies: [], clusterPolicies: policies }, flow(text)).ingress.decidedBy?.policy
    )
    expect(decided('10.0.0.1 > 10.0.0.4 TCP 80', deny('others', others, all))).toBeUndefined()
    expect(decided('10.0.0.1 > 10.0.0.4 TCP 80', deny('all', all, all))).toBe('/all')
    expect(decided('10.0.0.4 > 10.0.0.1 TCP 80', deny('others', all, others))).toBeUndefined()
    expect(decided('10.0.0.4 > 10.0.0.1 TCP 80', deny('all', others, all))).toBe('/all')
  })

  test('a block matches by address only: pods too, less its excepts, and never the other family', () => {
    const block = allow({ from: [{ ipBlock: { cidr: '10.0.0.0/24', except: ['10.0.0.3/32'] } }] })
    expect(isAllowed('10.0.0.2 > 10.0.0.1 TCP 80', [block])).toBe(true)
    expect(isAllowed('10.0.0.3 > 10.0.0.1 TCP 80', [block])).toBe(false)
    expect(isAllowed('fd00::2 > fd00::1 TCP 80', [allow({ from: [{ ipBlock: { cidr: '0.0.0.0/0' } }] })])).toBe(false)
  })

  test('an except denies nothing that another peer allows', () => {
    const rule = { from: [{ ipBlock: { cidr: '10.0.0.0/24', except: ['10.0.0.3/32'] } }, { ipBlock: { cidr: '10.0.0.3/32' } }] }
    expect(isAllowed('10.0.0.3 > 10.0.0.1 TCP 80', [allow(rule)])).toBe(true)
  })
})

describe('ports', () => {
  const web = (port: number, protocol: 'TCP' | 'UDP' = 'TCP') => ({ name: 'web', protocol, port })
  const server = pod('x/a', '10.0.0.1', { ports: [web(80), web(8080), web(53, 'UDP')] })
  const other = pod('y/c', '10.0.0.3', { ports: [web(81)] })
  const pods = [server, B, other]

  test.each([
    ['TCP 79', false],
    ['TCP 80', true],
    ['TCP 90', true],
    ['TCP 91', false],
    ['UDP 85', false],
    ['', false],
  ])('a range 80-90 and "%s"', (probe, expected) => {
    expect(isAllowed(`10.0.0.2 > 10.0.0.1 ${probe}`.trim(), [allow({ ports: [{ port: 80, endPort: 90 }] })])).toBe(expected)
  })

  test('all ports of a protocol are not all protocols; no ports are', () => {
    expect(isAllowed('10.0.0.2 > 10.0.0.1 UDP 9', [allow({ ports: [{ protocol: 'UDP' }] })])).toBe(true)
    expect(isAllowed('10.0.0.2 > 10.0.0.1', [allow({ ports: [{ protocol: 'UDP' }] })])).toBe(false)
    expect(isAllowed('10.0.0.2 > 10.0.0.1', [allow({})])).toBe(true)
  })

  test('a name is every number that the destination pod has for it, in the same protocol', () => {
    const named = allow({ ports: [{ port: 'web' }] })
    expect(isAllowed('10.0.0.2 > 10.0.0.1 TCP 80', [named], pods)).toBe(true)
    expect(isAllowed('10.0.0.2 > 10.0.0.1 TCP 8080', [named], pods)).toBe(true)
    expect(isAllowed('10.0.0.2 > 10.0.0.1 TCP 81', [named], pods)).toBe(false)
    expect(isAllowed('10.0.0.2 > 10.0.0.1 UDP 53', [named], pods)).toBe(false)
    expect(isAllowed('10.0.0.2 > 10.0.0.1 TCP 53', [named], pods)).toBe(false)
  })

  test('for egress each destination has its own number, also inside a block; the outside has none', () => {
    const named = allowOut({ ports: [{ port: 'web' }] }, { to: [{ ipBlock: { cidr: '0.0.0.0/0' } }], ports: [{ port: 'web' }] })
    expect(judge('10.0.0.2 > 10.0.0.3 TCP 81', [named], pods).egress.allowedBy).toHaveLength(2)
    expect(isAllowed('10.0.0.2 > 10.0.0.3 TCP 80', [named], pods)).toBe(false)
    expect(isAllowed('10.0.0.2 > 8.8.8.8 TCP 81', [named], pods)).toBe(false)
  })
})

describe('pods that are not as usual', () => {
  const fromAll = allow({ from: [{ namespaceSelector: {} }] })

  test('a pod on its node\'s network is neither target nor peer, but an address in a block', () => {
    const pods = [A, pod('x/host', '10.0.0.2', { hostNetwork: true })]
    expect(judge('10.0.0.1 > 10.0.0.2 TCP 80', [DENY_IN], pods).ingress.reason).toBe('not-a-pod')
    expect(isAllowed('10.0.0.2 > 10.0.0.1 TCP 80', [fromAll], pods)).toBe(false)
    expect(isAllowed('10.0.0.2 > 10.0.0.1 TCP 80', [allow({ from: [{ ipBlock: { cidr: '10.0.0.2/32' } }] })], pods)).toBe(true)
  })

  test('a terminating pod is a pod', () => {
    const pods = [A, { ...B, terminating: true }]
    expect(isAllowed('10.0.0.2 > 10.0.0.1 TCP 80', [fromAll], pods)).toBe(true)
    expect(isAllowed('10.0.0.1 > 10.0.0.2 TCP 80', [DENY_IN], pods)).toBe(false)
  })

  test.each([
    ['staying before terminating', { phase: 'Pending' }, { terminating: true }],
    ['running before pending', {}, { phase: 'Pending' }],
    ['running before unknown', {}, { phase: 'Unknown' }],
  ] as const)('of two pods with one address the better claim wins: %s', (_, winner, loser) => {
    const pods = [A, pod('x/loser', '10.0.0.9', loser), pod('x/winner', '10.0.0.9', winner)]
    const fromWinner = allow({ from: [{ podSelector: { matchLabels: { app: 'winner' } } }] })
    expect(isAllowed('10.0.0.9 > 10.0.0.1 TCP 80', [fromWinner], pods)).toBe(true)
  })

  test('an address that two pods claim alike is denied, and is no peer but by block', () => {
    const pods = [A, pod('y/one', '10.0.0.9'), pod('y/two', '10.0.0.9', { nodeName: 'node-b' })]
    expect(judge('10.0.0.1 > 10.0.0.9 TCP 80', [], pods).ingress.reason).toBe('contested')
    expect(judge('10.0.0.9 > 10.0.0.1 TCP 80', [], pods, 'node-b').egress.reason).toBe('contested')
    expect(judge('10.0.0.9 > 10.0.0.1 TCP 80', [fromAll], pods).ingress.reason).toBe('denied')
    const byBlock = allow({ from: [{ ipBlock: { cidr: '10.0.0.9/32' } }] })
    expect(judge('10.0.0.9 > 10.0.0.1 TCP 80', [byBlock], pods).ingress.reason).toBe('allowed')
    expect(isAllowed('10.0.0.9 > 10.0.0.9 TCP 80', [], pods)).toBe(true)
  })

  test('a faulty pod is denied without any policy, and is no peer and no destination of names', () => {
    const pods = [A, { ...B, faulty: true, ports: [{ name: 'web', protocol: 'TCP' as const, port: 80 }] }]
    expect(judge('10.0.0.1 > 10.0.0.2 TCP 80', [], pods).ingress).toMatchObject({ reason: 'faulty', allowed: false })
    expect(judge('10.0.0.2 > 10.0.0.1 TCP 80', [], pods).egress).toMatchObject({ reason: 'faulty', allowed: false })
    expect(judge('10.0.0.2 > 10.0.0.1 TCP 80', [fromAll], pods).ingress.reason).toBe('denied')
    expect(judge('10.0.0.1 > 10.0.0.2 TCP 80', [allowOut({ ports: [{ port: 'web' }] })], pods).egress.reason).toBe('denied')
  })

  test('policies reach the pods of their own namespace only', () => {
    expect(judge('10.0.0.1 > 10.0.0.3 TCP 80', [DENY_IN]).ingress.reason).toBe('not-isolated')
  })
})
