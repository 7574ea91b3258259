// What changes while a policy is there: labels of pods and namespaces, the policy itself, and its name's next owner.
import { type KubeObject, namespaceObject, podObject } from '../fixture.ts'
import { ALL, inNamespace, into, nobody, oneOf, outOf, tcp } from '../situation.ts'
import { labels } from '../specs.ts'
import type { ClusterStory } from './place.ts'
import { admin, all, baseline, either, EVERY_POD, EVERYWHERE, from, inNamespaces, isBeyond, podsWith, to } from './specs.ts'

const BAD = { mood: 'bad' }
const Y = inNamespaces('y')
const NOT_Y = either(isBeyond, inNamespace('x', 'z'))

export const CHANGES: readonly ClusterStory[] = [
  {
    name: 'labels of a peer\'s pod come and go',
    steps: (place) => [
      { apply: [admin('deny', { ingress: [from('Deny', [podsWith(BAD)])] })], checks: [tcp(80, ALL)] },
      { apply: [podObject(place, 'y/b', BAD)], checks: [tcp(80, into('x', (end) => end !== 'y/b'))] },
      { apply: [podObject(place, 'y/b')], checks: [tcp(80, ALL)] },
    ],
  },
  {
    name: 'labels of a subject\'s pod come and go',
    steps: (place) => [
      {
        apply: [admin('deny', { subject: podsWith(BAD), egress: [to('Deny', [EVERYWHERE])], ingress: [from('Deny', [EVERY_POD])] })],
        checks: [tcp(80, ALL)],
      },
      { apply: [podObject(place, 'x/b', BAD)], checks: [tcp(80, all(into('x/b', isBeyond), outOf('x/b', nobody)))] },
      { apply: [podObject(place, 'x/b'), podObject(place, 'x/a', BAD)], checks: [tcp(80, all(into('x/a', isBeyond), outOf('x/a', nobody)))] },
      { apply: [podObject(place, 'x/a')], checks: [tcp(80, ALL)] },
    ],
  },
  {
    name: 'labels of a peer\'s namespace come and go',
    steps: () => [
      { apply: [admin('deny', { egress: [to('Deny', [{ namespaces: labels(BAD) }])] })], checks: [tcp(80, ALL)] },
      { apply: [namespaceObject('y', BAD)], checks: [tcp(80, outOf('x', NOT_Y))] },
      { apply: [namespaceObject('y'), namespaceObject('z', BAD)], checks: [tcp(80, outOf('x', either(isBeyond, inNamespace('x', 'y'))))] },
      { apply: [namespaceObject('z')], checks: [tcp(80, ALL)] },
    ],
  },
  {
    name: 'labels of a subject\'s namespace come and go',
    steps: () => [
      { apply: [admin('deny', { subject: { namespaces: labels(BAD) }, ingress: [from('Deny', [Y])] })], checks: [tcp(80, ALL)] },
      { apply: [namespaceObject('x', BAD)], checks: [tcp(80, into('x', NOT_Y))] },
      { apply: [namespaceObject('x')], checks: [tcp(80, ALL)] },
    ],
  },
  {
    name: 'a priority is patched',
    steps: () => [
      { apply: [deny(50), accept(60)], checks: [tcp(80, into('x', NOT_Y))] },
      { apply: [accept(40)], checks: [tcp(80, ALL)] },
      { apply: [deny(39)], checks: [tcp(80, into('x', NOT_Y))] },
    ],
  },
  {
    name: 'an action is patched, and rules are swapped',
    steps: () => {
      const rules = (...ingress: readonly KubeObject[]) => [admin('patched', { ingress })]
      const [ofY, ofAll] = [from('Accept', [Y]), from('Deny', [EVERY_POD])]
      return [
        { apply: rules(ofY, ofAll), checks: [tcp(80, into('x', either(isBeyond, inNamespace('y'))))] },
        { apply: rules(from('Deny', [Y]), ofAll), checks: [tcp(80, into('x', isBeyond))] },
        { apply: rules(from('Pass', [Y]), ofAll), checks: [tcp(80, into('x', either(isBeyond, inNamespace('y'))))] },
        { apply: rules(ofAll, ofY), checks: [tcp(80, into('x', isBeyond))] },
      ]
    },
  },
  {
    name: 'a policy goes and another of its name comes at once, of another tier, subject and direction',
    steps: () => {
      const first = admin('default', { ingress: [from('Deny', [Y])] })
      const second = baseline('default', { subject: inNamespaces('z'), egress: [to('Deny', [Y])] })
      return [
        { apply: [first], checks: [tcp(80, into('x', NOT_Y))] },
        { remove: [first], apply: [second], checks: [tcp(80, (source, target) => !(inNamespace('z')(source) && inNamespace('y')(target)))] },
        { remove: [second], apply: [first], checks: [tcp(80, into('x', NOT_Y))] },
      ]
    },
  },
  {
    name: 'a subject is patched, and pods are neither forgotten nor kept',
    steps: () => {
      const of = (pod: 'a' | 'b') => admin('moving', { subject: podsWith({ pod }), ingress: [from('Deny', [EVERY_POD])] })
      return [
        { apply: [of('a')], checks: [tcp(80, (source, target) => isBeyond(source) || !oneOf('x/a', 'y/a', 'z/a')(target))] },
        { apply: [of('b')], checks: [tcp(80, (source, target) => isBeyond(source) || !oneOf('x/b', 'y/b', 'z/b')(target))] },
        { remove: [of('b')], apply: [], checks: [tcp(80, ALL)] },
      ]
    },
  },
]

function deny(priority: number): KubeObject {
  return admin('deny', { priority, ingress: [from('Deny', [Y])] })
}

function accept(priority: number): KubeObject {
  return admin('accept', { priority, ingress: [from('Accept', [Y])] })
}
