// Situations 43-48: the same three over UDP and over SCTP.
import type { Protocol } from '../../src/cluster/objects.ts'
import { policyObject } from './fixture.ts'
import { type Situation, inNamespace, into, nobody, oneOf } from './situation.ts'
import { DENY_INGRESS, POD_A, ingress, namespaceNamed, port } from './specs.ts'

export const PROTOCOLS: readonly Situation[] = [...situationsOf('UDP', 43), ...situationsOf('SCTP', 46)]

function situationsOf(protocol: Protocol, first: number): Situation[] {
  const from = (peer: object, ...ports: object[]) => ingress(POD_A, [{ from: [peer], ports }])
  const y = { namespaceSelector: namespaceNamed('y') }
  return [
    {
      number: first,
      name: `${protocol}: should support a 'default-deny-ingress' policy`,
      steps: () => [{ apply: [policyObject('deny', DENY_INGRESS)], checks: [{ protocol, port: 80, expect: into('x', nobody) }] }],
    },
    {
      number: first + 1,
      name: `${protocol}: should enforce policy based on Ports`,
      steps: () => [
        {
          apply: [policyObject('port', from(y, port(81, protocol)))],
          checks: [{ protocol, port: 81, expect: into('x/a', inNamespace('y')) }],
        },
      ],
    },
    {
      number: first + 2,
      name: `${protocol}: should enforce policy to allow traffic only from a pod in a different namespace`,
      steps: () => [
        {
          apply: [policyObject('peer', from({ ...y, podSelector: POD_A }))],
          checks: [{ protocol, port: 80, expect: into('x/a', oneOf('y/a')) }],
        },
      ],
    },
  ]
}
