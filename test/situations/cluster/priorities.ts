// Which policy of a tier comes first.
import type { KubeObject, PodName } from '../fixture.ts'
import { ALL, type Expect, inNamespace, into, oneOf, tcp } from '../situation.ts'
import type { ClusterStory } from './place.ts'
import { admin, baseline, either, EVERY_POD, from, inNamespaces, isBeyond, onePod } from './specs.ts'

const Y = inNamespaces('y')
const NOT_Y = either(isBeyond, inNamespace('x', 'z'))

const DISJOINT: readonly PodName[] = ['x/a', 'x/b', 'y/a']

function denies(name: string, priority: number): KubeObject {
  return admin(name, { priority, ingress: [from('Deny', [Y])] })
}

function accepts(name: string, priority: number): KubeObject {
  return admin(name, { priority, ingress: [from('Accept', [Y])] })
}

export const PRIORITIES: readonly ClusterStory[] = [
  {
    name: 'priority 0 comes first, and 1000 last',
    steps: () => [
      { apply: [accepts('a', 1000), denies('b', 0)], checks: [tcp(80, into('x', NOT_Y))] },
      { apply: [accepts('a', 0), denies('b', 1000)], checks: [tcp(80, ALL)] },
    ],
  },
  {
    name: 'priorities are numbers, not text',
    steps: () => [
      { apply: [accepts('a', 100), denies('b', 20)], checks: [tcp(80, into('x', NOT_Y))] },
      { apply: [accepts('a', 9), denies('b', 10)], checks: [tcp(80, ALL)] },
    ],
  },
  {
    name: 'each tier has its own priorities',
    steps: () => [
      {
        apply: [
          denies('admin', 1000),
          baseline('default', { priority: 0, ingress: [from('Accept', [Y]), from('Deny', [EVERY_POD])] }),
        ],
        checks: [tcp(80, into('x', isBeyond))],
      },
    ],
  },
  {
    name: 'rules of one policy are asked in their order',
    steps: () => [
      {
        apply: [admin('a', { ingress: [from('Accept', [Y]), from('Deny', [EVERY_POD])] })],
        checks: [tcp(80, into('x', either(isBeyond, inNamespace('y'))))],
      },
      { apply: [admin('a', { ingress: [from('Deny', [EVERY_POD]), from('Accept', [Y])] })], checks: [tcp(80, into('x', isBeyond))] },
    ],
  },
  {
    name: 'of one priority: all apply if their subjects are disjoint',
    steps: () => [
      {
        apply: DISJOINT.map((pod, index) => admin(`same-${index}`, { subject: onePod(pod), ingress: [from('Deny', [inNamespaces('z')])] })),
        checks: [tcp(80, (source, target) => !(inNamespace('z')(source) && oneOf(...DISJOINT)(target)))],
      },
    ],
  },
  {
    name: 'of one priority: if they overlap, the name decides, whatever came first',
    steps: () => [
      { apply: [accepts('b', 10)], checks: [tcp(80, ALL)] },
      { apply: [denies('a', 10)], checks: [tcp(80, into('x', NOT_Y))] },
      { remove: [denies('a', 10)], apply: [denies('c', 10)], checks: [tcp(80, ALL)] },
      { apply: [denies('0', 10)], checks: [tcp(80, into('x', NOT_Y))] },
    ],
  },
  {
    name: 'of one priority: a Pass skips the other policy too',
    steps: () => [
      {
        apply: [admin('a', { ingress: [from('Pass', [Y])] }), admin('b', { ingress: [from('Deny', [EVERY_POD])] })],
        checks: [tcp(80, into('x', either(isBeyond, inNamespace('y'))))],
      },
    ],
  },
  {
    name: 'policies that overlap in part hold where each is',
    steps: () => {
      const narrow = (priority: number) => admin('narrow', { priority, subject: onePod('x/a'), ingress: [from('Accept', [onePod('y/a')])] })
      const fromY = (except: Expect): Expect => (source, target) => !inNamespace('y')(source) || isBeyond(target) || except(source, target)
      return [
        {
          apply: [narrow(1), admin('wide', { priority: 5, subject: EVERY_POD, ingress: [from('Deny', [Y])] })],
          checks: [tcp(80, fromY((source, target) => source === 'y/a' && target === 'x/a'))],
        },
        { apply: [narrow(6)], checks: [tcp(80, fromY(() => false))] },
      ]
    },
  },
]
