// Situations 1-13, 23, 41 and 42: isolation, and who a peer is.
import { type KubeObject, policyObject } from './fixture.ts'
import { type Expect, type Situation, both, inNamespace, into, named, nobody, oneOf, outOf, tcp } from './situation.ts'
import {
  DENY_ALL,
  DENY_INGRESS,
  EVERY_POD,
  POD_A,
  egress,
  expression,
  ingress,
  labels,
  namespaceExpression,
  namespaceNamed,
} from './specs.ts'

export const PEERS: readonly Situation[] = [
  once(1, "should support a 'default-deny-ingress' policy", [DENY_INGRESS], into('x', nobody)),
  once(2, "should support a 'default-deny-all' policy", [DENY_ALL], both(into('x', nobody), outOf('x', nobody))),
  once(
    3,
    'should enforce policy to allow traffic from pods within server namespace based on PodSelector',
    [fromPeers({ podSelector: labels({ pod: 'b' }) })],
    into('x/a', oneOf('x/b')),
  ),
  once(
    4,
    'should enforce policy to allow ingress traffic for a target',
    [DENY_INGRESS, fromPeers({ podSelector: {}, namespaceSelector: {} })],
    both(into('x/b', nobody), into('x/c', nobody)),
  ),
  once(
    5,
    'should enforce policy to allow ingress traffic from pods in all namespaces',
    [fromPeers({ namespaceSelector: {} })],
    () => true,
  ),
  once(
    6,
    'should enforce policy to allow traffic only from a different namespace, based on NamespaceSelector',
    [fromPeers({ namespaceSelector: namespaceNamed('y') })],
    into('x/a', inNamespace('y')),
  ),
  once(
    7,
    'should enforce policy based on PodSelector with MatchExpressions',
    [fromPeers({ podSelector: expression('pod', 'In', 'b') })],
    into('x/a', oneOf('x/b')),
  ),
  once(
    8,
    'should enforce policy based on NamespaceSelector with MatchExpressions',
    [fromPeers({ namespaceSelector: namespaceExpression('In', 'y') })],
    into('x/a', inNamespace('y')),
  ),
  once(
    9,
    'should enforce policy based on PodSelector or NamespaceSelector',
    [fromPeers({ namespaceSelector: namespaceExpression('NotIn', 'x') }, { podSelector: labels({ pod: 'b' }) })],
    into('x/a', (from) => inNamespace('y', 'z')(from) || from === 'x/b'),
  ),
  once(
    10,
    'should enforce policy based on PodSelector and NamespaceSelector',
    [fromPeers({ namespaceSelector: namespaceExpression('NotIn', 'x'), podSelector: labels({ pod: 'b' }) })],
    into('x/a', oneOf('y/b', 'z/b')),
  ),
  once(
    11,
    'should enforce policy based on Multiple PodSelectors and NamespaceSelectors',
    [fromPeers({ namespaceSelector: namespaceExpression('NotIn', 'x'), podSelector: expression('pod', 'In', 'b', 'c') })],
    into('x/a', (from) => inNamespace('y', 'z')(from) && named('b', 'c')(from)),
  ),
  once(
    12,
    'should enforce policy based on any PodSelectors',
    [fromPeers({ podSelector: labels({ pod: 'b' }) }, { podSelector: labels({ pod: 'c' }) })],
    into('x/a', oneOf('x/b', 'x/c')),
  ),
  once(
    13,
    'should enforce policy to allow traffic only from a pod in a different namespace based on PodSelector and NamespaceSelector',
    [fromPeers({ namespaceSelector: namespaceNamed('y'), podSelector: POD_A })],
    into('x/a', oneOf('y/a')),
  ),
  once(
    41,
    'should enforce policy to allow traffic based on NamespaceSelector with MatchLabels using default ns label',
    [fromPeers({ namespaceSelector: namespaceNamed('y') })],
    into('x/a', inNamespace('y')),
  ),
  once(
    42,
    'should enforce policy based on NamespaceSelector with MatchExpressions using default ns label',
    [egress(POD_A, [{ to: [{ namespaceSelector: namespaceExpression('NotIn', 'y') }] }])],
    outOf('x/a', inNamespace('x', 'z')),
  ),
  once(
    23,
    'should deny ingress from pods on other namespaces',
    [ingress(EVERY_POD, [{ from: [{ podSelector: {} }] }])],
    into('x', inNamespace('x')),
  ),
]

function fromPeers(...peers: readonly KubeObject[]): KubeObject {
  return ingress(POD_A, [{ from: peers }])
}

/** All policies at once, judged by TCP 80. */
function once(number: number, name: string, specs: readonly KubeObject[], expect: Expect): Situation {
  const apply = specs.map((spec, index) => policyObject(`policy-${index}`, spec))
  return { number, name, steps: () => [{ apply, checks: [tcp(80, expect)] }] }
}
