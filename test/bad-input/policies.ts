// Bad input: NetworkPolicies as a whole, their targets, directions and rules.
import { type BadInput, INTO_A, INTO_B, OUT_OF_A, ingressToA, policy } from './case.ts'

const P = 'NetworkPolicy x/p (case.yaml#1)'
const BOTH = /isolated in both directions/
const MISSED = [P, 'spec.podSelector', /^missing beside an error that may be about it: every pod of the namespace/] as const
const NO_RULE = /this rule allows nothing/
const LONG_NAME = 'n'.repeat(63)
const TO_A = 'podSelector: {matchLabels: {app: a}}'

export const POLICIES: readonly BadInput[] = [
  {
    name: 'misspelt targets do not open what another policy closes',
    text: policy('{podselector: {matchLabels: {app: b}}, ingress: [{}]}') + policy('{podSelector: {}}', '{namespace: x, name: deny}'),
    problems: [[P, 'spec.podselector', BOTH], MISSED],
    closed: [...INTO_A, ...INTO_B],
  },
  {
    name: 'no spec',
    text: policy(''),
    problems: [[P, 'spec', /^missing: as on an API server/]],
    closed: [...INTO_A, ...INTO_B],
    open: OUT_OF_A,
  },
  {
    name: 'a spec that is a word',
    text: policy('deny'),
    problems: [[P, 'spec', BOTH], MISSED],
    closed: [...INTO_A, ...INTO_B, ...OUT_OF_A],
  },
  { name: 'a spec that is a list', text: policy('[]'), problems: [[P, 'spec', BOTH], MISSED], closed: [...INTO_A, ...OUT_OF_A] },
  {
    name: 'a misspelt spec',
    text: policy('').replace('spec:', 'sepc: {podSelector: {}}'),
    problems: [[P, 'spec', /^missing/], [P, 'sepc', BOTH], MISSED],
    closed: [...INTO_A, ...OUT_OF_A],
  },
  {
    name: 'a misspelt direction',
    text: policy(`{${TO_A}, ingres: [{}]}`),
    problems: [[P, 'spec.ingres', BOTH]],
    closed: [...INTO_A, ...OUT_OF_A],
    open: ['y/c > x/b TCP 80'],
  },
  {
    name: 'a misspelt from',
    text: ingressToA('[{form: [{podSelector: {}}]}]'),
    problems: [[P, 'spec.ingress[0].form', NO_RULE]],
    closed: INTO_A,
  },
  { name: 'to where from belongs', text: ingressToA('[{to: []}]'), problems: [[P, 'spec.ingress[0].to', NO_RULE]], closed: INTO_A },
  {
    name: 'rules that are an object',
    text: ingressToA('{from: []}'),
    problems: [[P, 'spec.ingress', /no ingress is allowed by this policy/]],
    closed: INTO_A,
  },
  {
    name: 'peers that are an object',
    text: ingressToA('[{from: {podSelector: {}}}]'),
    problems: [[P, 'spec.ingress[0].from', NO_RULE]],
    closed: INTO_A,
  },
  { name: 'a rule that is nothing', text: ingressToA('[null]'), problems: [[P, 'spec.ingress[0]', NO_RULE]], closed: INTO_A },
  {
    name: 'one bad rule of two',
    text: ingressToA('[7, {from: [{podSelector: {}}]}]'),
    problems: [[P, 'spec.ingress[0]', NO_RULE]],
    open: ['x/b > x/a TCP 80'],
    closed: ['y/c > x/a TCP 80'],
  },
  {
    name: 'a policyType in small letters',
    text: policy(`{${TO_A}, policyTypes: [ingress]}`),
    problems: [[P, 'spec.policyTypes[0]', BOTH]],
    closed: [...INTO_A, ...OUT_OF_A],
  },
  {
    name: 'policyTypes that are a word',
    text: policy(`{${TO_A}, policyTypes: Ingress}`),
    problems: [[P, 'spec.policyTypes', BOTH]],
    closed: [...INTO_A, ...OUT_OF_A],
  },
  {
    name: 'targets that are a word',
    text: policy('{podSelector: a}'),
    problems: [[P, 'spec.podSelector', /every pod of the namespace is selected/]],
    closed: [...INTO_A, ...INTO_B],
  },
  {
    name: 'targets by a number',
    text: policy('{podSelector: {matchLabels: {app: 1}}}'),
    problems: [[P, 'spec.podSelector.matchLabels.app', /must be a string, not 1: every pod/]],
    closed: [...INTO_A, ...INTO_B],
  },
  {
    name: 'targets by an unknown operator',
    text: policy('{podSelector: {matchExpressions: [{key: app, operator: Equals, values: [a]}]}}'),
    problems: [[P, 'spec.podSelector.matchExpressions[0].operator', /"Equals" is not In, NotIn/]],
    closed: [...INTO_A, ...INTO_B],
  },
  {
    name: 'targets by labels that cannot be',
    text: policy('{podSelector: {matchLabels: {app: café, "-x": y}}}'),
    problems: [
      [P, 'spec.podSelector.matchLabels.app', /"café" is no label value/],
      [P, 'spec.podSelector.matchLabels.-x', /no label key/],
    ],
    closed: [...INTO_A, ...INTO_B],
  },
  {
    name: 'targets by a label of 64 characters',
    text: policy(`{podSelector: {matchLabels: {app: ${'a'.repeat(64)}}}}`),
    problems: [[P, 'spec.podSelector.matchLabels.app', /no label value/]],
    closed: [...INTO_A, ...INTO_B],
  },
  {
    name: 'targets by labels that JavaScript knows',
    text: policy('{podSelector: {matchExpressions: [{key: constructor, operator: Exists}]}}'),
    open: INTO_A,
  },
  { name: 'no namespace: default', text: policy('{podSelector: {}}', '{name: p}'), open: INTO_A },
  {
    name: 'no name',
    text: policy('{podSelector: {}}', '{namespace: x, generateName: p-}'),
    problems: [[/^NetworkPolicy x\/unnamed-[0-9a-f]{8} \(case.yaml#1\)$/, 'metadata.name', /^missing: called unnamed-/]],
    closed: INTO_A,
  },
  {
    name: 'no metadata',
    text: policy('{podSelector: {}}', '7'),
    problems: [[/^NetworkPolicy default\/unnamed-[0-9a-f]{8} \(case.yaml#1\)$/, 'metadata.name', /^missing/]],
    open: INTO_A,
  },
  {
    name: 'a name in other letters',
    text: policy('{podSelector: {}}', '{namespace: x, name: Política_1}'),
    problems: [[/^NetworkPolicy x\/unnamed-[0-9a-f]{8} \(case.yaml#1\)$/, 'metadata.name', /"Política_1" is no name of an object/]],
    closed: INTO_A,
  },
  {
    name: 'a name of 300 characters',
    text: policy('{podSelector: {}}', `{namespace: x, name: ${'n'.repeat(300)}}`),
    problems: [[/^NetworkPolicy x\/unnamed-[0-9a-f]{8} \(case.yaml#1\)$/, 'metadata.name', /is no name of an object/]],
    closed: INTO_A,
  },
  { name: 'a name of 63 characters', text: policy('{podSelector: {}}', `{namespace: x, name: ${LONG_NAME}}`), closed: INTO_A },
  { name: 'a name of 253 characters', text: policy('{podSelector: {}}', `{namespace: x, name: ${'n'.repeat(253)}}`), closed: INTO_A },
  {
    name: 'a namespace that is a path',
    text: policy('{podSelector: {}}', '{namespace: x/y, name: p}'),
    problems: [['NetworkPolicy x?y/p (case.yaml#1)', 'metadata.namespace', /"x\/y" is no name of a namespace: taken as "x\?y"/]],
    open: INTO_A,
  },
]
