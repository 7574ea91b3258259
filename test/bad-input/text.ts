// Bad input: text that is no manifest, and lists.
import { type BadInput, INTO_A, INTO_B, ingressToA, policy } from './case.ts'

const BOMB = ['a: &a [x, x, x, x, x, x, x, x, x]', ...Array.from('bcdefghij', (name, index) => {
  return `${name}: &${name} [${Array.from({ length: 9 }, () => `*${'abcdefghij'[index] ?? ''}`).join(', ')}]`
})].join('\n')

const DENY_A = ingressToA('[]')

export const TEXT: readonly BadInput[] = [
  { name: 'an empty file', text: '', open: INTO_A },
  { name: 'comments only', text: '# nothing\n---\n# at all\n', open: INTO_A },
  {
    name: 'a tab for indentation',
    text: 'spec:\n\tpodSelector: {}\n',
    problems: [['case.yaml', '', /^document 1: .*line 2, column 1: this part/]],
    open: INTO_A,
  },
  {
    name: 'a key twice',
    text: 'kind: Pod\nkind: Pod\n',
    problems: [['case.yaml', '', /Map keys must be unique at line 2, column 1/]],
    open: INTO_A,
  },
  { name: 'a YAML bomb', text: BOMB, problems: [['case.yaml', '', /Excessive alias count/]], open: INTO_A },
  { name: 'a document that contains itself', text: 'a: &a [*a]\n', problems: [['case.yaml', '', /^document 1: /]], open: INTO_A },
  { name: 'brackets without end', text: '['.repeat(20_000), problems: [['case.yaml', '', /./]], open: INTO_A },
  {
    name: 'nested too deep',
    text: `{"a":${'['.repeat(100)}${']'.repeat(100)}}`,
    problems: [['case.yaml', '', /nested more than 64 deep/]],
    open: INTO_A,
  },
  { name: 'JSON cut short', file: 'case.json', text: '{"kind": "Pod", ', problems: [['case.json', '', /line 1 column 17/]], open: INTO_A },
  {
    name: 'binary',
    text: '\u0000\u0001\u0002',
    problems: [['case.yaml#1', '', /must be an object with a kind: it is ignored/]],
    open: INTO_A,
  },
  { name: 'a word', text: 'hello', problems: [['case.yaml#1', '', /must be an object with a kind/]], open: INTO_A },
  { name: 'a list for an object', text: '- kind: Pod\n', problems: [['case.yaml#1', '', /must be an object with a kind/]], open: INTO_A },
  { name: 'no kind', text: 'metadata: {name: p}\n', problems: [['case.yaml#1', 'kind', /^missing: the object is ignored/]], open: INTO_A },
  { name: 'kinds of others', text: 'kind: Service\n---\nkind: Deployment\nspec: 7\n', open: INTO_A },
  {
    name: 'a good document before a broken one',
    text: `${DENY_A}---\nkind: [\n`,
    problems: [['case.yaml', '', /^document 2: .*this part is ignored/]],
    closed: INTO_A,
    open: INTO_B,
  },
  {
    name: 'a list with one broken entry',
    text: 'kind: NetworkPolicyList\nitems: [7, {metadata: {namespace: x, name: p}, spec: {podSelector: {}}}]\n',
    problems: [['case.yaml#1', '', /must be an object with a kind/]],
    closed: [...INTO_A, ...INTO_B],
  },
  { name: 'a list without entries', text: 'kind: List\nitems: {}\n', problems: [['case.yaml#1', 'items', /must be a list/]], open: INTO_A },
  {
    name: 'lists in lists in lists',
    text: '{kind: List, items: [{kind: List, items: [{kind: List, items: [{kind: List, items: [{kind: List, items: [{kind: Pod}]}]}]}]}]}',
    problems: [['case.yaml#1', 'items', /nested more than 4 deep/]],
    open: INTO_A,
  },
  {
    name: 'a NetworkPolicy of another project',
    text: 'apiVersion: projectcalico.org/v3\nkind: NetworkPolicy\nmetadata: {namespace: x, name: p}\nspec: {selector: all()}\n',
    problems: [['case.yaml#1', 'apiVersion', /projectcalico.org\/v3 is not networking.k8s.io\/v1: this NetworkPolicy is not enforced/]],
    open: INTO_A,
  },
  {
    name: 'no apiVersion',
    text: 'kind: NetworkPolicy\nmetadata: {namespace: x, name: p}\nspec: {podSelector: {}}\n',
    problems: [['NetworkPolicy x/p (case.yaml#1)', 'apiVersion', /read as if it were/]],
    closed: [...INTO_A, ...INTO_B],
  },
  {
    name: 'the same object twice in a file',
    text: `${DENY_A}${ingressToA('[{}]')}`,
    problems: [['NetworkPolicy x/p (case.yaml#2)', '', /is already in case.yaml#1, which comes first: this one is ignored/]],
    closed: INTO_A,
  },
  {
    name: 'the same object in two files',
    text: policy('{podSelector: {}, ingress: [{}]}', '{namespace: y, name: good}'),
    problems: [['NetworkPolicy y/good (case.yaml#1)', '', /is already in base.yaml#7, which comes first/]],
  },
]
