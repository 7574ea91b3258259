// Who a peer or subject is: every pod is not everybody, and what is not understood fails closed.
import type { End, KubeObject } from '../fixture.ts'
import { type Expect, inNamespace, isPod, nobody, oneOf, tcp } from '../situation.ts'
import type { ClusterPlace, ClusterStory } from './place.ts'
import {
  type Action, admin, bothNodes, either, EVERY_NODE, EVERY_POD, EVERYWHERE, hostNetworkPod, inNamespaces, isBeyond, onePod, type Side, SIDES, to,
} from './specs.ts'

const MAYBE: KubeObject = { matchExpressions: [{ key: 'a', operator: 'Maybe' }] }
const Z = inNamespaces('z')

/** Peers that an API server may hand out and that are not understood, and the field that is reported. */
const UNKNOWN_PEERS: readonly (readonly [what: string, peer: KubeObject, field: string])[] = [
  ['without fields', {}, ''],
  ['with an invalid selector', { namespaces: MAYBE }, '.namespaces.matchExpressions[0].operator'],
  ['of a kind of the future', { services: {} }, '.services'],
]
const UNKNOWN_FOR_EGRESS: typeof UNKNOWN_PEERS = [
  ['of domain names', { domainNames: ['*.example.com'] }, '.domainNames'],
  ['of nodes with an invalid selector', { nodes: MAYBE }, '.nodes.matchExpressions[0].operator'],
]
/** Of `from`: nodes and networks are peers for egress alone. */
const UNKNOWN_FOR_INGRESS: typeof UNKNOWN_PEERS = [
  ['of nodes', EVERY_NODE, '.nodes'],
  ['of networks', EVERYWHERE, '.networks'],
]

export const PEERS: readonly ClusterStory[] = [
  ...SIDES.flatMap((side) => [
    everyPod(side, 'namespaces: {}', EVERY_POD),
    everyPod(side, 'a podSelector {} without namespaces', { pods: { podSelector: {} } }),
    ...[...UNKNOWN_PEERS, ...(side.direction === 'egress' ? UNKNOWN_FOR_EGRESS : UNKNOWN_FOR_INGRESS)].map((unknown) => unknownPeer(side, unknown)),
  ]),
  {
    name: 'a subject that is not understood is every pod: Accept accepts nothing, Deny denies, Pass denies',
    steps: () => {
      const subject = { namespaces: MAYBE }
      const problems = ['spec.subject.namespaces.matchExpressions[0].operator']
      const lower = admin('lower', { priority: 20, egress: [to('Deny', [Z])] })
      const step = (action: Action, isSource: (end: End) => boolean) => ({
        apply: [lower, admin('broken', { subject, egress: [to(action, [Z])] })],
        problems,
        checks: [tcp(80, (source, target) => !(isSource(source) && inNamespace('z')(target)))],
      })
      return [step('Accept', inNamespace('x')), step('Deny', isPod), step('Pass', isPod)]
    },
  },
  {
    name: 'a policy that cannot be read does not stop the others',
    steps: () => [
      {
        apply: [
          admin('broken', { priority: 1, subject: onePod('x/a'), egress: [to('Deny', [{}])] }),
          admin('sound', { priority: 2, egress: [to('Deny', [Z])] }),
        ],
        problems: ['spec.egress[0].to[0]'],
        checks: [tcp(80, (source, target) => source !== 'x/a' && !(inNamespace('x')(source) && inNamespace('z')(target)))],
      },
    ],
  },
  {
    name: 'pods of the node\'s network are neither subject nor peer, but nodes and networks',
    steps: (place) => {
      const host = hostNetworkPod(place, 'node1', 'x', { app: 'host' })
      const deny = (of: readonly KubeObject[]) => admin('deny', { subject: inNamespaces('y'), egress: [to('Deny', of)] })
      const accept = (of: readonly KubeObject[]) => admin('deny', { subject: inNamespaces('y'), egress: [to('Accept', of), to('Deny', [EVERYWHERE])] })
      const peers = [inNamespaces('x'), { pods: { podSelector: { matchLabels: { app: 'host' } } } }]
      return [
        { apply: [...bothNodes(place), host, deny(peers)], checks: [tcp(80, fromY(inNamespace('x')))] },
        { apply: [accept(peers)], checks: [tcp(80, fromY(either(inNamespace('y', 'z'), isBeyond)))] },
        { apply: [deny([EVERY_NODE])], checks: [tcp(80, fromY(oneOf('node0', 'node1')))] },
      ]
    },
  },
  {
    name: 'protocols that are not understood: Accept accepts nothing, Deny and Pass deny their peers at every port',
    steps: () => {
      const broken = (action: Action) => admin('broken', { priority: 1, egress: [to(action, [Z], [{}])] })
      const lower = (action: Action) => admin('lower', { priority: 2, egress: [to(action, [Z])] })
      const step = (...apply: readonly KubeObject[]) => ({
        apply,
        problems: ['spec.egress[0].protocols[0]'],
        checks: [80, 81].map((number) => tcp(number, (source, target) => !(inNamespace('x')(source) && inNamespace('z')(target)))),
      })
      return [step(broken('Accept'), lower('Deny')), step(broken('Deny'), lower('Accept')), step(broken('Pass'))]
    },
  },
]

/** Everything but what y may not reach. */
function fromY(denied: (end: End) => boolean): Expect {
  return (source, target) => !(inNamespace('y')(source) && denied(target))
}

function everyPod({ direction, rule, open }: Side, what: string, peer: KubeObject): ClusterStory {
  return {
    name: `${direction}: ${what} is every pod, not the world and not nodes`,
    steps: (place) => [
      { apply: [...bothNodes(place), admin('deny', { [direction]: [rule('Deny', [peer])] })], checks: [tcp(80, open('x', isBeyond))] },
    ],
  }
}

/** Beside a peer that is understood. */
function unknownPeer({ direction, rule, open }: Side, [what, peer, field]: (typeof UNKNOWN_PEERS)[number]): ClusterStory {
  const peers = { ingress: 'from', egress: 'to' } as const
  const problems = [`spec.${direction}[0].${peers[direction]}[0]${field}`]
  const step = (action: Action, expect: Expect) => (place: ClusterPlace) => ({
    apply: [
      ...bothNodes(place),
      admin('unknown', { priority: 1, [direction]: [rule(action, [peer, Z])] }),
      admin('deny', { priority: 2, [direction]: [rule('Deny', [EVERY_POD])] }),
    ],
    problems,
    checks: [tcp(80, expect)],
  })
  return {
    name: `${direction}: a peer ${what}: Accept does not match it, Deny and Pass deny everything`,
    steps: (place) => [
      step('Accept', open('x', either(isBeyond, inNamespace('z'))))(place),
      step('Deny', open('x', nobody))(place),
      step('Pass', open('x', nobody))(place),
    ],
  }
}
