// The stage of NetworkPolicies: additive, and what nobody allows is denied.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { NOTHING, PROTOCOLS } from '../../../src/compiler/stages/judgement.ts'
import { listOf } from '../../../src/compiler/stages/lists.ts'
import { networkPolicyStage } from '../../../src/compiler/stages/network-policy.ts'
import { type ActiveRule, type Peer, portsOf } from '../../../src/compiler/stages/active-policy.ts'
import { RuleIndex } from '../../../src/compiler/stages/rule-index.ts'
import { property } from '../../property.ts'
import { networkRules, peer, portPredicate, textOf, verdictText } from './notation.ts'
import { portsWorthAsking, rangesOf, verdictAt } from './pieces.ts'
import { groupsArb, networkRulesArb } from './random.ts'

const WEB = { name: 'web', protocol: 'TCP', port: 8080 } as const

interface Case {
  readonly rules: readonly string[]
  readonly says: readonly string[]
  /** Default: a peer of group a, and a pod without named ports. */
  readonly of?: Peer
}

describe('what policies allow', () => {
  test.each<[string, Case]>([
    ['no rule', { rules: [], says: ['*: isolated'] }],
    ['a rule about other peers', { rules: ['x/one: any from b'], says: ['*: isolated'] }],
    ['a rule without ports allows every protocol', { rules: ['x/one: any from a'], says: ['*: accept x/one'] }],
    ['a rule about nobody: all its peers were rejected', { rules: ['x/one: any from'], says: ['*: isolated'] }],
    ['a rule about no port: all were rejected', { rules: ['x/one: none'], says: ['*: isolated'] }],
    ['a port', { rules: ['x/one: TCP 80'], says: ['TCP 80: accept x/one', '*: isolated'] }],
    ['one port of several protocols', { rules: ['x/one: TCP 80, UDP 80'], says: ['TCP 80: accept x/one', 'UDP 80: accept x/one', '*: isolated'] }],
    ['two policies, one port: both have a part', { rules: ['x/one: TCP 80', 'x/other: TCP 80'], says: ['TCP 80: accept x/one x/other', '*: isolated'] }],
    ['their order does not matter', { rules: ['x/other: TCP 80', 'x/one: TCP 80'], says: ['TCP 80: accept x/one x/other', '*: isolated'] }],
    ['two rules of one policy', { rules: ['x/one: TCP 80', 'x/one: TCP 80-81'], says: ['TCP 80-81: accept x/one', '*: isolated'] }],
    ['ranges that overlap are cut', {
      rules: ['x/one: TCP 10-20', 'x/other: TCP 15-30'],
      says: ['TCP 10-14: accept x/one', 'TCP 15-20: accept x/one x/other', 'TCP 21-30: accept x/other', '*: isolated'],
    }],
    ['ranges that touch are joined', { rules: ['x/one: TCP 10-14', 'x/one: TCP 15-20'], says: ['TCP 10-20: accept x/one', '*: isolated'] }],
    ['ranges around a port that is left out', { rules: ['x/one: TCP 10-14, TCP 16-20'], says: ['TCP 10-14: accept x/one', 'TCP 16-20: accept x/one', '*: isolated'] }],
    ['a port in another\'s range stands beside it', {
      rules: ['x/one: TCP 10-20', 'x/other: TCP 15'], says: ['TCP 15: accept x/one x/other', 'TCP 10-20: accept x/one', '*: isolated'],
    }],
    ['a port in its own range says nothing new', { rules: ['x/one: TCP 10-20', 'x/one: TCP 15'], says: ['TCP 10-20: accept x/one', '*: isolated'] }],
    ['a port of a policy that allows everything says nothing new', { rules: ['x/one: any', 'x/one: TCP 15'], says: ['*: accept x/one'] }],
    ['everything by one, a port by another', { rules: ['x/one: any', 'x/other: TCP 15'], says: ['TCP 15: accept x/one x/other', '*: accept x/one'] }],
    ['all ports of a protocol are not all protocols', { rules: ['x/one: TCP 0-65535'], says: ['TCP 0-65535: accept x/one', '*: isolated'] }],
    ['ingress: a name is a port of the pod itself', {
      rules: ['x/one: TCP web'], of: peer(['a'], [WEB, { ...WEB, port: 80 }, { ...WEB, protocol: 'UDP', port: 53 }]),
      says: ['TCP 80: accept x/one', 'TCP 8080: accept x/one', '*: isolated'],
    }],
    ['ingress: nobody has the name', { rules: ['x/one: TCP web'], of: peer(['a'], []), says: ['*: isolated'] }],
    ['egress: a name is a port of the peer', {
      rules: ['x/one: TCP web'], of: peer(['a', portPredicate('web', 80), portPredicate('web', 53, 'UDP'), portPredicate('dns', 81)]),
      says: ['TCP 80: accept x/one', '*: isolated'],
    }],
  ])('%s', (_, { rules, says, of = peer(['a'], []) }) => {
    expect(textOf(networkPolicyStage(new RuleIndex(networkRules(...rules)), of)).sort()).toEqual([...says].sort())
  })

  test('nothing is one object: the kernel needs no element for it', () => {
    expect(networkPolicyStage(new RuleIndex(networkRules('x/one: any from b')), peer(['a']))).toBe(NOTHING)
  })
})

/** Every policy of which a rule allows the port. */
function allowedBy(rules: readonly ActiveRule[], of: Peer, protocol: string, port: number): string[] {
  const allows = (rule: ActiveRule): boolean => {
    const ports = portsOf(rule, of)
    return ports === 'any' || ports.some((range) => range.protocol === protocol && range.first <= port && port <= range.last)
  }
  const matching = rules.filter(({ peers }) => peers === 'any' || peers.some((each) => of.holds.includes(each)))
  return [...new Set(matching.filter(allows).map(({ hit }) => hit.key))].sort()
}

test('for every port, those have a part of which a rule allows it', () => {
  property(fc.record({ rules: networkRulesArb, groups: groupsArb }), ({ rules, groups }) => {
    const of = peer(groups)
    const said = networkPolicyStage(new RuleIndex(rules), of)
    const ranges = rules.flatMap(({ ports }) => (ports === 'any' ? [] : ports.filter((port) => port.kind === 'number')))
    for (const protocol of [...PROTOCOLS, 'other'] as const) {
      for (const port of portsWorthAsking([...ranges, ...rangesOf([said])])) {
        const keys = allowedBy(rules, of, protocol, port)
        expect([protocol, port, verdictText(verdictAt(said, protocol, port))]).toEqual([protocol, port, keys.length === 0 ? 'isolated' : `accept ${keys.join(' ')}`])
      }
    }
  })
})

test('equal meanings are one list, however they are written', () => {
  const keyOf = (...rules: readonly string[]): string => listOf('egress', networkPolicyStage(new RuleIndex(networkRules(...rules)), peer())).key
  expect(keyOf('x/one: any', 'x/other: TCP 1-65535', 'x/one: TCP 80-81', 'x/one: TCP 443')).toBe(keyOf('x/one: any', 'x/other: TCP 1-65535'))
  expect(keyOf('x/one: TCP 80-90, TCP 91-95')).toBe(keyOf('x/one: TCP 80-95'))
  expect(keyOf('x/one: TCP 80', 'x/other: UDP 1')).toBe(keyOf('x/other: UDP 1', 'x/one: TCP 80'))
  expect(keyOf('x/one: TCP 80')).not.toBe(keyOf('x/other: TCP 80'))
  expect(keyOf('x/one: TCP 80')).not.toBe(keyOf('x/one: UDP 80'))
})
