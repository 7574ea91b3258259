// The stage of one tier of ClusterNetworkPolicies: the first rule that matches decides.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { Predicates } from '../../../src/compiler/peers/predicates.ts'
import { activate, type ActiveRule, type Peer, portsOf } from '../../../src/compiler/stages/active-policy.ts'
import { PROTOCOLS, SILENT } from '../../../src/compiler/stages/judgement.ts'
import { RuleIndex } from '../../../src/compiler/stages/rule-index.ts'
import { inOrder, tierStage } from '../../../src/compiler/stages/tier.ts'
import { property } from '../../property.ts'
import { clusterPolicy } from '../../policy/state.ts'
import { peer, portPredicate, textOf, tierRules } from './notation.ts'
import { portsWorthAsking, rangesOf, verdictAt } from './pieces.ts'
import { groupsArb, tierRulesArb } from './random.ts'

const WEB = { name: 'web', protocol: 'TCP', port: 8080 } as const

interface Case {
  readonly rules: readonly string[]
  readonly says: readonly string[]
  /** Default: a peer of group a. */
  readonly of?: Peer
}

describe('what a tier says', () => {
  test.each<[string, Case]>([
    ['no rule: nothing', { rules: [], says: ['*: next'] }],
    ['a rule about others: nothing', { rules: ['deny any from b'], says: ['*: next'] }],
    ['a rule about nobody: all its peers were rejected', { rules: ['deny any from'], says: ['*: next'] }],
    ['a rule about no port: all were rejected', { rules: ['deny none'], says: ['*: next'] }],
    ['a rule without ports is about every protocol', { rules: ['deny any from a'], says: ['*: deny /edge/deny-0'] }],
    ['the first that matches decides', { rules: ['accept any from b', 'deny any from a', 'accept any from a'], says: ['*: deny /edge/deny-1'] }],
    ['of one port, too', { rules: ['accept TCP 80', 'deny TCP 80'], says: ['TCP 80: accept /edge/accept-0', '*: next'] }],
    ['the rest of a range is left to the next rule', {
      rules: ['accept TCP 80', 'deny TCP 70-90'], says: ['TCP 80: accept /edge/accept-0', 'TCP 70-90: deny /edge/deny-1', '*: next'],
    }],
    ['ranges that overlap', {
      rules: ['deny TCP 15-30', 'accept TCP 10-20', 'deny TCP 12-40'],
      says: ['TCP 10-14: accept /edge/accept-1', 'TCP 15-30: deny /edge/deny-0', 'TCP 31-40: deny /edge/deny-2', '*: next'],
    }],
    ['one protocol does not hide another', { rules: ['accept TCP 80', 'deny UDP 80'], says: ['TCP 80: accept /edge/accept-0', 'UDP 80: deny /edge/deny-1', '*: next'] }],
    ['a rule that the ones before hide is never reached', { rules: ['accept TCP 10-20', 'accept TCP 21-30', 'deny TCP 15-25'], says: [
      'TCP 10-20: accept /edge/accept-0', 'TCP 21-30: accept /edge/accept-1', '*: next',
    ] }],
    ['behind a rule about everything none is reached', { rules: ['accept TCP 80', 'deny any', 'accept any', 'pass TCP 81'], says: [
      'TCP 80: accept /edge/accept-0', '*: deny /edge/deny-1',
    ] }],
    ['Pass leaves the tier, and has a part in what follows', { rules: ['pass TCP 80', 'deny any'], says: ['TCP 80: next /edge/pass-0', '*: deny /edge/deny-1'] }],
    ['Pass for everything', { rules: ['pass any from a', 'deny any'], says: ['*: next /edge/pass-0'] }],
    ['both ends of all ports', { rules: ['deny TCP 0, TCP 65535', 'accept TCP 0-65535'], says: [
      'TCP 0: deny /edge/deny-0', 'TCP 65535: deny /edge/deny-0', 'TCP 1-65534: accept /edge/accept-1', '*: next',
    ] }],
    ['ingress: a name is a port of the pod itself', {
      rules: ['deny TCP web, UDP web'], of: peer(['a'], [WEB, { ...WEB, protocol: 'UDP', port: 53 }]),
      says: ['TCP 8080: deny /edge/deny-0', 'UDP 53: deny /edge/deny-0', '*: next'],
    }],
    ['egress: a name is a port of the peer', { rules: ['deny TCP web'], of: peer(['a', portPredicate('web', 80)]), says: ['TCP 80: deny /edge/deny-0', '*: next'] }],
    ['nobody has the name', { rules: ['deny TCP web'], says: ['*: next'] }],
  ])('%s', (_, { rules, says, of = peer(['a']) }) => {
    expect(textOf(tierStage(new RuleIndex(tierRules('edge', ...rules)), of)).sort()).toEqual([...says].sort())
  })

  test('nothing to say is one object, that is compared by identity', () => {
    expect(tierStage(new RuleIndex(tierRules('edge', 'deny TCP 80 from b', 'pass none')), peer(['a']))).toBe(SILENT)
  })
})

test('policies come by priority, then by name, whatever came first', () => {
  const active = ['late 10', 'b 5', 'a 5', 'first 0'].map((text, index) => {
    const [name = '', priority = ''] = text.split(' ')
    return activate(clusterPolicy(name, { priority: Number(priority), ingress: [{ action: 'Deny', from: [{ namespaces: {} }] }] }), index, () => new Predicates())
  })
  const names = inOrder(active).map(({ policy: { name } }) => name)
  expect(names).toEqual(['first', 'a', 'b', 'late'])
  expect(inOrder([...active].reverse()).map(({ policy: { name } }) => name)).toEqual(names)
})

/** The key of what the first matching rule says of a port. */
function firstOf(rules: readonly ActiveRule[], of: Peer, protocol: string, port: number): string {
  const first = rules.filter(({ peers }) => peers === 'any' || peers.some((each) => of.holds.includes(each))).find((rule) => {
    const ports = portsOf(rule, of)
    return ports === 'any' || ports.some((range) => range.protocol === protocol && range.first <= port && port <= range.last)
  })
  if (first === undefined) return 'next '
  return `${{ accept: 'accept', deny: 'deny', pass: 'next' }[first.hit.action]} ${first.hit.key}`
}

test('for every port, the first rule that matches decides', () => {
  property(fc.record({ rules: tierRulesArb, groups: groupsArb }), ({ rules, groups }) => {
    const of = peer(groups)
    const said = tierStage(new RuleIndex(rules), of)
    const ranges = rules.flatMap(({ ports }) => (ports === 'any' ? [] : ports.filter((port) => port.kind === 'number')))
    for (const protocol of [...PROTOCOLS, 'other'] as const) {
      for (const port of portsWorthAsking([...ranges, ...rangesOf([said])])) {
        const key = firstOf(rules, of, protocol, protocol === 'other' ? -1 : port)
        expect([protocol, port, verdictAt(said, protocol, port).key]).toEqual([protocol, port, key])
      }
    }
  })
})
