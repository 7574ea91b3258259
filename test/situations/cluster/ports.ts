// Which packets a rule is about: protocols, ranges and names of ports.
import type { Protocol } from '../../../src/cluster/objects.ts'
import { type End, type KubeObject, podObject, type PodName, policyObject } from '../fixture.ts'
import { ALL, type Check, type Expect, inNamespace, into, oneOf } from '../situation.ts'
import type { ClusterPlace, ClusterStory } from './place.ts'
import { admin, either, EVERY_POD, EVERYWHERE, from, inNamespaces, isBeyond, port, portNamed, range, type Side, SIDES, to } from './specs.ts'

const PROTOCOLS = ['TCP', 'UDP', 'SCTP'] as const
const EVERY_PORT = [range(1, 65_535, 'tcp'), range(1, 65_535, 'udp'), range(1, 65_535, 'sctp')]
const LAST_PORT = 65_535

export const PORTS: readonly ClusterStory[] = [
  ...SIDES.flatMap((side) => [withoutList(side), listed(side), ranges(side)]),
  {
    name: 'a named port is each destination\'s own number and protocol, sidecars included',
    steps: (place) => [denial('egress', inNamespaces('z'), EVERY_POD), denial('ingress', EVERY_POD, inNamespaces('z'))].map((policy) => (
      { apply: [...podsWithNames(place), policy], checks: namedChecks() }
    )),
  },
  {
    name: 'a named port that a pod gets later, and loses',
    steps: (place) => [
      { apply: [denial('egress', inNamespaces('z'), EVERY_POD)], checks: [check('TCP', 80, ALL)] },
      { apply: [withPorts(place, 'x/a', [web(80)])], checks: [check('TCP', 80, fromZ('x/a')), check('TCP', 81, ALL)] },
      { apply: [withPorts(place, 'x/a', [web(81)])], checks: [check('TCP', 80, ALL), check('TCP', 81, fromZ('x/a'))] },
      { apply: [withPorts(place, 'x/a', [])], checks: [check('TCP', 80, ALL), check('TCP', 81, ALL)] },
    ],
  },
  {
    name: 'a named port that no pod has matches nothing, neither for Accept nor for Deny',
    steps: () => {
      const rules = (action: 'Accept' | 'Deny') => [from(action, [EVERY_POD], [portNamed('nowhere')])]
      return [
        { apply: [admin('named', { priority: 1, ingress: rules('Deny') })], checks: [check('TCP', 80, ALL), check('ICMP', 0, ALL)] },
        {
          apply: [admin('named', { priority: 1, ingress: rules('Accept') }), admin('deny', { priority: 2, ingress: [from('Deny', [EVERY_POD])] })],
          checks: [check('TCP', 80, into('x', isBeyond)), check('ICMP', 0, into('x', isBeyond))],
        },
      ]
    },
  },
  {
    name: 'a list of one rule is not the list of another: the first rule that matches the port decides',
    steps: () => [
      {
        apply: [admin('a', {
          egress: [
            to('Accept', [EVERYWHERE], [port(80)]),
            to('Deny', [EVERYWHERE], [range(79, 81), range(1, LAST_PORT, 'udp')]),
            to('Accept', [EVERYWHERE], [port(81, 'udp')]),
          ],
        })],
        checks: [
          check('TCP', 80, ALL), check('TCP', 78, ALL), check('TCP', 79, notFromX), check('TCP', 81, notFromX),
          check('UDP', 81, notFromX), check('SCTP', 80, ALL),
        ],
      },
    ],
  },
]

function withoutList({ direction, rule, open }: Side): ClusterStory {
  return {
    name: `${direction}: without a list of protocols a rule is about everything, ICMP included`,
    steps: () => [
      {
        apply: [admin('deny', { [direction]: [rule('Deny', [EVERY_POD])] })],
        checks: [...PROTOCOLS.map((protocol) => check(protocol, 80, open('x', isBeyond))), check('ICMP', 0, open('x', isBeyond))],
      },
      {
        apply: [admin('accept', { priority: 1, [direction]: [rule('Accept', [inNamespaces('y')])] })],
        checks: [check('SCTP', 80, open('x', either(isBeyond, inNamespace('y')))), check('ICMP', 0, open('x', either(isBeyond, inNamespace('y'))))],
      },
    ],
  }
}

function listed({ direction, rule, open, isolation, exempt }: Side): ClusterStory {
  return {
    name: `${direction}: a list of protocols is never about ICMP, also if it has every port`,
    steps: () => [
      {
        apply: [admin('deny', { [direction]: [rule('Deny', [EVERY_POD], EVERY_PORT)] })],
        checks: [
          ...PROTOCOLS.flatMap((protocol) => [1, 80, LAST_PORT].map((number) => check(protocol, number, open('x', isBeyond)))),
          check('ICMP', 0, ALL),
        ],
      },
      {
        apply: [
          admin('deny', { [direction]: [rule('Accept', [EVERY_POD], EVERY_PORT)] }),
          policyObject('isolate', isolation({})),
        ],
        checks: [check('TCP', 80, open('x', (end) => exempt(end) || !isBeyond(end))), check('ICMP', 0, open('x', exempt))],
      },
    ],
  }
}

function ranges({ direction, rule, open }: Side): ClusterStory {
  const inside = open('x', isBeyond)
  return {
    name: `${direction}: a range has both of its ends, in its protocol`,
    steps: () => [
      {
        apply: [admin('deny', { [direction]: [rule('Deny', [EVERY_POD], [range(80, 8080), range(53, 5353, 'udp'), range(9003, 9005, 'sctp')])] })],
        checks: [
          ...rangeChecks('TCP', 80, 8080, inside), ...rangeChecks('UDP', 53, 5353, inside), ...rangeChecks('SCTP', 9003, 9005, inside),
          check('UDP', 8080, ALL), check('TCP', 53, ALL), check('SCTP', 80, ALL),
        ],
      },
      {
        apply: [admin('deny', { [direction]: [rule('Deny', [EVERY_POD], [range(1, 1), range(LAST_PORT, LAST_PORT)])] })],
        checks: [1, LAST_PORT].map((number) => check('TCP', number, inside)).concat([2, LAST_PORT - 1].map((number) => check('TCP', number, ALL))),
      },
    ],
  }
}

function rangeChecks(protocol: Protocol, first: number, last: number, inside: Expect): Check[] {
  return [...[first, last].map((number) => check(protocol, number, inside)), ...[first - 1, last + 1].map((number) => check(protocol, number, ALL))]
}

function denial(direction: 'ingress' | 'egress', subject: KubeObject, peer: KubeObject): KubeObject {
  const rule = direction === 'ingress' ? from : to
  return admin('named', { subject, [direction]: [rule('Deny', [peer], [portNamed('web')])] })
}

function podsWithNames(place: ClusterPlace): KubeObject[] {
  return [
    withPorts(place, 'x/a', [web(80)]),
    withPorts(place, 'x/b', [web(81)]),
    withPorts(place, 'x/c', [web(80, 'UDP')]),
    withPorts(place, 'y/a', [], [{ ...container([web(81)]), restartPolicy: 'Always' }]),
    withPorts(place, 'y/b', [], [container([web(80)])]),
    withPorts(place, 'y/c', [web(80), web(81, 'UDP')]),
  ]
}

function namedChecks(): Check[] {
  return [
    check('TCP', 80, fromZ('x/a', 'y/c')), check('TCP', 81, fromZ('x/b', 'y/a')), check('UDP', 80, fromZ('x/c')), check('UDP', 81, fromZ('y/c')),
    check('SCTP', 80, ALL), check('TCP', 82, ALL), check('ICMP', 0, ALL),
  ]
}

/** Pods of z may not reach these. */
function fromZ(...targets: readonly PodName[]): Expect {
  return (source, target) => !(inNamespace('z')(source) && oneOf(...targets)(target))
}

function notFromX(source: End): boolean {
  return !inNamespace('x')(source)
}

function check(protocol: Check['protocol'], number: number, expect: Expect): Check {
  return { protocol, port: number, expect }
}

function web(containerPort: number, protocol: Protocol = 'TCP'): KubeObject {
  return { name: 'web', containerPort, protocol }
}

function container(ports: readonly KubeObject[]): KubeObject {
  return { name: 'server', ports }
}

/** A pod of the fixture with other named ports. */
function withPorts(place: ClusterPlace, pod: PodName, ports: readonly KubeObject[], initContainers: readonly KubeObject[] = []): KubeObject {
  const object = podObject(place, pod)
  return { ...object, spec: { ...(object['spec'] as KubeObject), containers: [container(ports)], initContainers } }
}
