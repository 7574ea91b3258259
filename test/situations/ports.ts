// Situations 14-19, 27, 30, 31, 38-40: ports by number, name and protocol, and several policies together.
import { type KubeObject, policyObject } from './fixture.ts'
import { ALL, type Situation, both, inNamespace, into, nobody, outOf, tcp } from './situation.ts'
import { ALLOW_INGRESS, DENY_INGRESS, EVERY_POD, POD_A, egress, ingress, labels, namespaceNamed, port } from './specs.ts'

const FROM_Y: KubeObject = { from: [{ namespaceSelector: namespaceNamed('y') }] }
const Y_ON_81 = ingress(POD_A, [{ ...FROM_Y, ports: [port(81)] }])

export const PORTS: readonly Situation[] = [
  {
    number: 14,
    name: 'should enforce policy based on Ports',
    steps: () => [{ apply: [policyObject('y-81', Y_ON_81)], checks: [tcp(81, into('x/a', inNamespace('y')))] }],
  },
  {
    number: 15,
    name: 'should enforce multiple, stacked policies with overlapping podSelectors',
    steps: () => [
      {
        apply: [policyObject('y-81', Y_ON_81)],
        checks: [tcp(81, into('x/a', inNamespace('y'))), tcp(80, into('x/a', nobody))],
      },
      {
        apply: [policyObject('y-80', ingress(POD_A, [{ ...FROM_Y, ports: [port(80)] }]))],
        checks: [tcp(81, into('x/a', inNamespace('y'))), tcp(80, into('x/a', inNamespace('y')))],
      },
    ],
  },
  {
    number: 16,
    name: 'should support allow-all policy',
    steps: () => [{ apply: [policyObject('allow-all', ALLOW_INGRESS)], checks: [tcp(80, ALL), tcp(81, ALL)] }],
  },
  {
    number: 17,
    name: 'should allow ingress access on one named port',
    steps: () => [
      {
        apply: [policyObject('named', ingress(EVERY_POD, [{ ports: [{ port: 'serve-81-tcp' }] }]))],
        checks: [tcp(81, ALL), tcp(80, into('x', nobody))],
      },
    ],
  },
  {
    number: 18,
    name: 'should allow ingress access from namespace on one named port',
    steps: () => [
      {
        apply: [policyObject('named', ingress(POD_A, [{ ...FROM_Y, ports: [port('serve-80-tcp')] }]))],
        checks: [tcp(80, into('x/a', inNamespace('y'))), tcp(81, into('x/a', nobody))],
      },
    ],
  },
  {
    number: 19,
    name: 'should allow egress access on one named port',
    steps: () => [
      {
        apply: [policyObject('named', egress(EVERY_POD, [{ ports: [{ port: 'serve-80-tcp' }] }]))],
        checks: [tcp(80, ALL), tcp(81, outOf('x', nobody))],
      },
    ],
  },
  {
    number: 27,
    name: 'should work with Ingress, Egress specified together',
    steps: () => {
      const rules = { ingress: [{ from: [{ podSelector: labels({ pod: 'b' }) }] }], egress: [{ ports: [{ port: 80 }] }] }
      const fromB = into('x/a', (from) => from === 'x/b')
      return [
        {
          apply: [policyObject('both', { podSelector: POD_A, policyTypes: ['Ingress', 'Egress'], ...rules })],
          checks: [tcp(80, fromB), tcp(81, both(fromB, outOf('x/a', nobody)))],
        },
      ]
    },
  },
  {
    number: 30,
    name: 'should enforce ingress policy allowing any port traffic to a server on a specific protocol',
    steps: () => [
      {
        apply: [policyObject('tcp', ingress(POD_A, [{ ports: [{ protocol: 'TCP' }] }]))],
        checks: [tcp(80, ALL), { protocol: 'UDP', port: 80, expect: into('x/a', nobody) }],
      },
    ],
  },
  {
    number: 31,
    name: 'should enforce multiple ingress policies with ingress allow-all policy taking precedence',
    steps: () => [
      { apply: [policyObject('only-80', ingress(EVERY_POD, [{ ports: [port(80)] }]))], checks: [tcp(81, into('x', nobody))] },
      { apply: [policyObject('allow-all', ALLOW_INGRESS)], checks: [tcp(81, ALL)] },
    ],
  },
  {
    number: 38,
    name: "should not mistakenly treat 'protocol: SCTP' as 'protocol: TCP', even if the plugin doesn't support SCTP",
    steps: () => [
      {
        apply: [policyObject('deny', DENY_INGRESS), policyObject('sctp', ingress(POD_A, [{ ports: [port(81, 'SCTP')] }]))],
        checks: [tcp(81, into('x', nobody))],
      },
    ],
  },
  {
    number: 39,
    name: "should properly isolate pods that are selected by a policy allowing SCTP, even if the plugin doesn't support SCTP",
    steps: () => [
      { apply: [policyObject('sctp', ingress(POD_A, [{ ports: [port(80, 'SCTP')] }]))], checks: [tcp(81, into('x/a', nobody))] },
    ],
  },
  {
    number: 40,
    name: 'should not allow access by TCP when a policy specifies only UDP',
    steps: () => [
      { apply: [policyObject('udp', ingress(POD_A, [{ ports: [port(81, 'UDP')] }]))], checks: [tcp(81, into('x/a', nobody))] },
    ],
  },
]
