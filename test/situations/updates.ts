// Situations 20-22, 24, 33: policies, pods and namespaces that change.
import { namespaceObject, podObject, policyObject } from './fixture.ts'
import { ALL, type Situation, both, inNamespace, into, nobody, oneOf, outOf, tcp } from './situation.ts'
import { ALLOW_INGRESS, DENY_ALL, DENY_INGRESS, POD_A, ingress, labels } from './specs.ts'

export const UPDATES: readonly Situation[] = [
  {
    number: 20,
    name: 'should enforce updated policy',
    steps: () => [
      { apply: [policyObject('updated', ALLOW_INGRESS)], checks: [tcp(81, ALL)] },
      { apply: [policyObject('updated', DENY_INGRESS)], checks: [tcp(81, into('x', nobody))] },
    ],
  },
  {
    number: 21,
    name: 'should allow ingress access from updated namespace',
    steps: () => [
      {
        apply: [policyObject('label', ingress(POD_A, [{ from: [{ namespaceSelector: labels({ ns2: 'updated' }) }] }]))],
        checks: [tcp(80, into('x/a', nobody))],
      },
      { apply: [namespaceObject('y', { ns2: 'updated' })], checks: [tcp(80, into('x/a', inNamespace('y')))] },
    ],
  },
  {
    number: 22,
    name: 'should allow ingress access from updated pod',
    steps: (place) => [
      {
        apply: [policyObject('label', ingress(POD_A, [{ from: [{ podSelector: labels({ pod: 'b', pod2: 'updated' }) }] }]))],
        checks: [tcp(80, into('x/a', nobody))],
      },
      { apply: [podObject(place, 'x/b', { pod2: 'updated' })], checks: [tcp(80, into('x/a', oneOf('x/b')))] },
    ],
  },
  {
    number: 24,
    name: 'should deny ingress access to updated pod',
    steps: (place) => [
      { apply: [policyObject('isolated', ingress(labels({ target: 'isolated' }), []))], checks: [tcp(80, ALL)] },
      { apply: [podObject(place, 'x/a', { target: 'isolated' })], checks: [tcp(80, into('x/a', nobody))] },
    ],
  },
  {
    number: 33,
    name: 'should stop enforcing policies after they are deleted',
    steps: () => [
      { apply: [policyObject('deny', DENY_ALL)], checks: [tcp(80, both(into('x', nobody), outOf('x', nobody)))] },
      { apply: [], remove: [policyObject('deny', DENY_ALL)], checks: [tcp(80, ALL)] },
    ],
  },
]
