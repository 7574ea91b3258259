// In which order tiers and NetworkPolicies are asked, in each direction.
import { policyObject } from '../fixture.ts'
import { ALL, both, type Expect, inNamespace, into, nobody, outOf, tcp } from '../situation.ts'
import { DENY_ALL, DENY_INGRESS, POD_A } from '../specs.ts'
import type { ClusterStory } from './place.ts'
import {
  admin, all, baseline, either, EVERY_POD, EVERYWHERE, from, inNamespaces, isBeyond, isOwnNode, onePod, type Side, SIDES, to,
} from './specs.ts'

const Y = inNamespaces('y')
const Z = inNamespaces('z')

export const STAGES: readonly ClusterStory[] = [
  ...SIDES.flatMap((side) => [order(side), adminAccept(side), baselineUnasked(side), baselinePass(side), pass(side)]),
  {
    name: 'a policy without rules isolates nobody, and one direction says nothing of the other',
    steps: () => [
      { apply: [admin('none', {}), admin('empty', { ingress: [], egress: [] }), baseline('default', {})], checks: [tcp(80, ALL)] },
      { apply: [admin('none', { ingress: [from('Deny', [Y])] })], checks: [tcp(80, into('x', either(isBeyond, inNamespace('x', 'z'))))] },
      { apply: [admin('none', { egress: [to('Deny', [Y])] })], checks: [tcp(80, outOf('x', either(isBeyond, inNamespace('x', 'z'))))] },
    ],
  },
  {
    name: 'Baseline is asked in the direction that NetworkPolicies leave open',
    steps: () => [
      {
        apply: [
          policyObject('in', DENY_INGRESS),
          baseline('default', { ingress: [from('Accept', [EVERY_POD])], egress: [to('Deny', [EVERY_POD])] }),
        ],
        checks: [tcp(80, both(into('x', nobody), outOf('x', isBeyond)))],
      },
    ],
  },
  {
    name: 'an Accept for egress leaves the destination to its own tiers',
    steps: () => {
      const fromX = (...targets: readonly string[]): Expect => (source, target) => !(inNamespace('x')(source) && inNamespace(...targets)(target))
      return [
        {
          apply: [
            admin('accept', { priority: 0, egress: [to('Accept', [EVERYWHERE])] }),
            policyObject('out', { podSelector: {}, policyTypes: ['Egress'] }),
            admin('refuse', { subject: Y, ingress: [from('Deny', [inNamespaces('x')])] }),
          ],
          checks: [tcp(80, fromX('y'))],
        },
        {
          apply: [policyObject('isolate', { podSelector: {} }, 'z')],
          checks: [tcp(80, both(fromX('y'), (_, target) => !inNamespace('z')(target)))],
        },
        {
          remove: [admin('refuse', {}), policyObject('isolate', {}, 'z')],
          apply: [baseline('default', { subject: Z, ingress: [from('Deny', [inNamespaces('x')])] })],
          checks: [tcp(80, fromX('z'))],
        },
      ]
    },
  },
  {
    name: 'an Accept for ingress leaves the source to its own tiers',
    steps: () => [
      {
        apply: [
          admin('accept', { priority: 0, ingress: [from('Accept', [EVERY_POD])] }),
          admin('refuse', { subject: Y, egress: [to('Deny', [inNamespaces('x')])] }),
          policyObject('isolate', DENY_ALL),
        ],
        checks: [tcp(80, all(into('x', inNamespace('z')), outOf('x', isOwnNode)))],
      },
    ],
  },
  {
    name: 'NetworkPolicies alone mean what they always did',
    steps: () => [
      { apply: [admin('a', { ingress: [from('Deny', [EVERY_POD])] }), policyObject('in', DENY_INGRESS)], checks: [tcp(80, into('x', nobody))] },
      { remove: [admin('a', {})], apply: [], checks: [tcp(80, into('x', nobody))] },
      { remove: [policyObject('in', {})], apply: [], checks: [tcp(80, ALL)] },
    ],
  },
]

/** One stage after the other is laid over the ones below. */
function order({ direction, rule, open, isolation, exempt }: Side): ClusterStory {
  const beyond = either(isBeyond, exempt)
  const others = ['x/b', 'x/c'] as const
  return {
    name: `${direction}: Admin comes before NetworkPolicies, and these before Baseline`,
    steps: () => [
      { apply: [baseline('default', { [direction]: [rule('Deny', [EVERY_POD])] })], checks: [tcp(80, open('x', beyond))] },
      {
        apply: [policyObject('from-y', isolation(POD_A, 'y'))],
        checks: [tcp(80, all(open('x/a', either(exempt, inNamespace('y'))), ...others.map((pod) => open(pod, beyond))))],
      },
      {
        apply: [admin('accept', { priority: 10, [direction]: [rule('Accept', [Z])] })],
        checks: [tcp(80, all(open('x/a', either(exempt, inNamespace('y', 'z'))), ...others.map((pod) => open(pod, either(beyond, inNamespace('z'))))))],
      },
      {
        apply: [admin('deny', { priority: 9, subject: onePod('x/a'), [direction]: [rule('Deny', [Y])] })],
        checks: [tcp(80, all(open('x/a', either(exempt, inNamespace('z'))), ...others.map((pod) => open(pod, either(beyond, inNamespace('z'))))))],
      },
    ],
  }
}

function adminAccept({ direction, rule, open, isolation, exempt }: Side): ClusterStory {
  return {
    name: `${direction}: an Admin Accept holds against NetworkPolicies that deny`,
    steps: () => [
      { apply: [policyObject('isolate', isolation({}))], checks: [tcp(80, open('x', exempt))] },
      { apply: [admin('accept', { [direction]: [rule('Accept', [Y])] })], checks: [tcp(80, open('x', either(exempt, inNamespace('y'))))] },
    ],
  }
}

function baselineUnasked({ direction, rule, open, isolation, exempt }: Side): ClusterStory {
  const rules = [rule('Accept', [Z]), rule('Deny', [EVERY_POD])]
  return {
    name: `${direction}: Baseline is not asked for a pod that is isolated, neither its Accept nor its Deny`,
    steps: () => [
      { apply: [baseline('default', { [direction]: rules })], checks: [tcp(80, open('x', either(isBeyond, inNamespace('z'))))] },
      {
        apply: [policyObject('from-y', isolation({}, 'y'))],
        checks: [tcp(80, open('x', either(exempt, inNamespace('y'))))],
      },
    ],
  }
}

function baselinePass({ direction, rule, open }: Side): ClusterStory {
  return {
    name: `${direction}: what Baseline passes is allowed`,
    steps: () => [
      {
        apply: [
          baseline('first', { priority: 1, [direction]: [rule('Pass', [Y]), rule('Deny', [Z])] }),
          baseline('second', { priority: 2, [direction]: [rule('Deny', [EVERY_POD])] }),
        ],
        checks: [tcp(80, open('x', either(isBeyond, inNamespace('y'))))],
      },
    ],
  }
}

/** From the tier on: the rest of the policy, other policies of the tier, NetworkPolicies, Baseline. */
function pass({ direction, rule, open, isolation, exempt }: Side): ClusterStory {
  const passes = admin('a', { priority: 1, [direction]: [rule('Pass', [Y]), rule('Deny', [Y]), rule('Deny', [Z])] })
  const denies = admin('b', { priority: 2, [direction]: [rule('Deny', [EVERY_POD])] })
  return {
    name: `${direction}: Pass skips all further rules of its tier, then NetworkPolicies decide, then Baseline`,
    steps: () => [
      { apply: [passes, denies], checks: [tcp(80, open('x', either(isBeyond, inNamespace('y'))))] },
      { apply: [policyObject('from-z', isolation({}, 'z'))], checks: [tcp(80, open('x', exempt))] },
      {
        apply: [policyObject('from-y', isolation(POD_A, 'y'))],
        checks: [tcp(80, all(open('x/a', either(exempt, inNamespace('y'))), open('x/b', exempt), open('x/c', exempt)))],
      },
      {
        remove: [policyObject('from-z', {}), policyObject('from-y', {})],
        apply: [baseline('default', { [direction]: [rule('Deny', [Y])] })],
        checks: [tcp(80, open('x', isBeyond))],
      },
    ],
  }
}
