// Situations 25, 26, 28, 29, 32, 34-37: egress, both ends of a connection, and ipBlocks over pod addresses.
import { type KubeObject, cidrOf, policyObject } from './fixture.ts'
import { ALL, type Situation, both, into, nobody, oneOf, outOf, tcp } from './situation.ts'
import { EVERY_POD, POD_A, egress, ingress, labels, namespaceNamed, port } from './specs.ts'

const TO_Y_A: KubeObject = { namespaceSelector: namespaceNamed('y'), podSelector: POD_A }
const FROM_X_A: KubeObject = { namespaceSelector: namespaceNamed('x'), podSelector: POD_A }

export const EGRESS: readonly Situation[] = [
  {
    number: 25,
    name: 'should deny egress from pods based on PodSelector',
    steps: () => [{ apply: [policyObject('deny', egress(POD_A, []))], checks: [tcp(80, outOf('x/a', nobody))] }],
  },
  {
    number: 26,
    name: 'should deny egress from all pods in a namespace',
    steps: () => [{ apply: [policyObject('deny', egress(EVERY_POD, []))], checks: [tcp(80, outOf('x', nobody))] }],
  },
  {
    number: 28,
    name: 'should support denying of egress traffic on the client side (even if the server explicitly allows this traffic)',
    steps: () => {
      const fromXA = oneOf('x/a')
      const servers = both(into('y/a', fromXA), into('y/b', fromXA))
      return [
        {
          apply: [
            policyObject('client', egress(POD_A, [{ to: [TO_Y_A] }])),
            policyObject('server-a', ingress(POD_A, [{ from: [FROM_X_A] }]), 'y'),
            policyObject('server-b', ingress(labels({ pod: 'b' }), [{ from: [FROM_X_A] }]), 'y'),
          ],
          checks: [tcp(80, both(servers, outOf('x/a', oneOf('y/a'))))],
        },
      ]
    },
  },
  {
    number: 29,
    name: 'should enforce egress policy allowing traffic to a server in a different namespace based on PodSelector and NamespaceSelector',
    steps: () => [
      { apply: [policyObject('to-y-a', egress(POD_A, [{ to: [TO_Y_A] }]))], checks: [tcp(80, outOf('x/a', oneOf('y/a')))] },
    ],
  },
  {
    number: 32,
    name: 'should enforce multiple egress policies with egress allow-all policy taking precedence',
    steps: () => [
      { apply: [policyObject('only-80', egress(EVERY_POD, [{ ports: [port(80)] }]))], checks: [tcp(81, outOf('x', nobody))] },
      { apply: [policyObject('allow-all', egress(EVERY_POD, [{}]))], checks: [tcp(81, ALL)] },
    ],
  },
  {
    number: 34,
    name: 'should allow egress access to server in CIDR block',
    steps: (place) => [
      { apply: [policyObject('block', toBlock({ cidr: cidrOf(place, 'y/b') }))], checks: [tcp(80, outOf('x/a', oneOf('y/b')))] },
    ],
  },
  {
    number: 35,
    name: 'should enforce except clause while egress access to server in CIDR block',
    steps: (place) => {
      const block = { cidr: cidrOf(place, 'x/b', 4), except: [cidrOf(place, 'x/b')] }
      return [{ apply: [policyObject('block', toBlock(block))], checks: [tcp(80, outOf('x/a', (to) => to !== 'x/b'))] }]
    },
  },
  {
    number: 36,
    name: 'should ensure an IP overlapping both IPBlock.CIDR and IPBlock.Except is allowed',
    steps: (place) => {
      const block = { cidr: cidrOf(place, 'x/b', 4), except: [cidrOf(place, 'x/b')] }
      return [
        { apply: [policyObject('block', toBlock(block))], checks: [tcp(80, outOf('x/a', (to) => to !== 'x/b'))] },
        { apply: [policyObject('block', toBlock({ cidr: cidrOf(place, 'x/b') }))], checks: [tcp(80, outOf('x/a', oneOf('x/b')))] },
      ]
    },
  },
  {
    number: 37,
    name: 'should enforce policies to check ingress and egress policies can be controlled independently based on PodSelector',
    steps: () => [
      { apply: [policyObject('out', egress(POD_A, [{}]))], checks: [tcp(80, ALL)] },
      { apply: [policyObject('in', ingress(POD_A, []))], checks: [tcp(80, into('x/a', nobody))] },
    ],
  },
]

function toBlock(ipBlock: KubeObject): KubeObject {
  return egress(POD_A, [{ to: [{ ipBlock }] }])
}
