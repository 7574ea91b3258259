// Bad input: large policies, and pods and namespaces that are not as they should be.
import { type BadInput, INTO_A, INTO_B, ingressToA, namespace, pod } from './case.ts'

const FROM_B = 'x/b > x/a TCP 80'
const POD_OF_Z = pod('z/e', { address: '10.0.0.9' })

/** Ingress to x/a from namespaces by their label `team`. */
function fromTeams(requirement: string): string {
  return ingressToA(`[{from: [{namespaceSelector: {matchExpressions: [{key: team, ${requirement}}]}}]}]`)
}

function list(length: number, entry: (index: number) => string): string {
  return `[${Array.from({ length }, (_, index) => entry(index)).join(', ')}]`
}

/** A block of 1,024 addresses with 50 holes. */
function block(index: number): string {
  const first = `10.${index >> 6}.${(index & 63) * 4}`
  return `{ipBlock: {cidr: ${first}.0/22, except: ${list(50, (hole) => `${first}.${hole + 100}/32`)}}}`
}

export const EXTREMES: readonly BadInput[] = [
  {
    name: '1,000 ports',
    text: ingressToA(`[{ports: ${list(1000, (index) => `{port: ${index * 2 + 80}}`)}}]`),
    open: INTO_A,
    closed: ['x/b > x/a TCP 81'],
  },
  {
    name: '1,000 ranges',
    text: ingressToA(`[{ports: ${list(1000, (index) => `{port: ${index * 4 + 80}, endPort: ${index * 4 + 81}}`)}}]`),
    open: [...INTO_A, 'x/b > x/a TCP 81'],
    closed: ['x/b > x/a TCP 82', 'x/b > x/a UDP 80'],
  },
  {
    name: '500 blocks with 50 excepts each',
    text: ingressToA(`[{from: ${list(500, block)}}]`),
    open: [FROM_B, '10.7.200.150 > x/a TCP 80', '10.7.201.100 > x/a TCP 80'],
    closed: ['10.7.200.120 > x/a TCP 80', '10.9.0.1 > x/a TCP 80'],
  },
  {
    name: '10,001 ports',
    text: ingressToA(`[{ports: ${list(10_001, (index) => `{port: ${index + 1}}`)}}, {}]`),
    problems: [['NetworkPolicy x/p (case.yaml#1)', 'spec', /10001 ports are more than the 10000 .*nothing is allowed by this policy/]],
    closed: INTO_A,
    open: INTO_B,
  },
  {
    name: '1,200 ipBlocks beside each other',
    text: ingressToA(`[{from: ${list(1200, (index) => `{ipBlock: {cidr: 10.${100 + (index >> 8)}.${index & 255}.0/24}}`)}}]`),
    open: ['10.104.175.9 > x/a TCP 80', '10.100.0.1 > x/a TCP 80'],
    closed: [FROM_B, '10.104.176.9 > x/a TCP 80'],
  },
  {
    name: '10,001 ipBlocks',
    text: ingressToA(`[{from: ${list(10_001, (index) => `{ipBlock: {cidr: 10.${index >> 8}.${index & 255}.0/24}}`)}}]`),
    problems: [['NetworkPolicy x/p (case.yaml#1)', 'spec', /10001 ipBlocks are more than the 10000 .*nothing is allowed by this policy/]],
    closed: INTO_A,
    open: INTO_B,
  },
  {
    name: '1,001 ipBlocks that are all within each other',
    text: ingressToA(`[{from: ${list(1001, (index) => `{ipBlock: {cidr: 0.0.0.0/0, except: [10.${index >> 8}.${index & 255}.0/24]}}`)}}]`),
    problems: [['NetworkPolicy x/p (case.yaml#1)', 'spec', /500500 pairs of ipBlocks within each other are more than the 500000 .*nothing is allowed by this policy/]],
    closed: INTO_A,
    open: INTO_B,
  },
  {
    name: '1,000 ranges for anybody beside 100 rules for certain peers, each of which would get them too',
    text: ingressToA(`[{ports: ${list(1000, (index) => `{port: ${index * 60 + 1}, endPort: ${index * 60 + 58}}`)}}, ${
      list(100, (index) => `{from: [{ipBlock: {cidr: 10.9.${index}.0/24}}], ports: [{port: ${index + 1}, protocol: UDP}]}`).slice(1)}`),
    problems: [['NetworkPolicy x/p (case.yaml#1)', 'spec', /100000 ports for anybody times rules .* more than the 50000/]],
    closed: INTO_A,
    open: INTO_B,
  },
  {
    name: '5,000 rules',
    text: ingressToA(list(5000, (index) => `{ports: [{port: ${index + 100}}]}`)),
    closed: INTO_A,
    open: ['x/b > x/a TCP 5099'],
  },
  {
    name: 'two pods with one address',
    text: pod('x/twin', { address: '10.0.0.1' }),
    closed: [...INTO_A, 'x/a > x/b TCP 80'],
    open: ['y/c > x/b TCP 80'],
  },
  {
    name: 'a pod that has ended with the address of another',
    text: pod('x/done', { status: '{phase: Succeeded, podIP: 10.0.0.1}' }),
    open: INTO_A,
  },
  {
    name: 'a pod with one address that is none',
    text: pod('x/bad', { status: '{phase: Running, podIPs: [{ip: 10.0.0.9}, {ip: 10.0.0.999}]}' }),
    problems: [['Pod x/bad (case.yaml#1)', 'status.podIPs[1].ip', /"10.0.0.999" is no IP address: the pod is denied everything/]],
    closed: ['x/b > 10.0.0.9 TCP 80', '10.0.0.9 > x/b TCP 80'],
    open: INTO_A,
  },
  {
    name: 'a pod with a label that is a number',
    text: pod('x/bad', { labels: '{app: 1}', address: '10.0.0.9' }),
    problems: [['Pod x/bad (case.yaml#1)', 'metadata.labels.app', /must be a string, not 1: the pod is denied everything/]],
    closed: ['x/b > 10.0.0.9 TCP 80'],
    open: INTO_A,
  },
  {
    name: 'a pod with labels in other letters',
    text: pod('x/odd', { labels: '{app: "日本"}', address: '10.0.0.9' }),
    open: ['x/b > 10.0.0.9 TCP 80'],
  },
  {
    name: 'a pod without a name',
    text: 'kind: Pod\nmetadata: {namespace: x}\nspec: {nodeName: node-a}\nstatus: {phase: Running, podIP: 10.0.0.9}\n',
    problems: [[/^Pod x\/unnamed-[0-9a-f]{8} \(case.yaml#1\)$/, 'metadata.name', /^missing: called unnamed-/]],
    closed: ['x/b > 10.0.0.9 TCP 80'],
    open: INTO_A,
  },
  { name: 'a pod without an address', text: pod('x/new', { status: '{phase: Pending}' }), open: INTO_A },
  {
    name: 'a pod that is next to nothing',
    text: 'kind: Pod\nmetadata: {name: p}\nspec: 7\nstatus: []\n',
    open: INTO_A,
  },
  {
    name: 'a namespace with a label that is a number',
    text: [namespace('z', '{team: 1}'), POD_OF_Z, fromTeams('operator: NotIn, values: [red]')].join('\n'),
    problems: [['Namespace z (case.yaml#1)', 'metadata.labels.team', /the namespace counts as unknown/]],
    closed: ['10.0.0.9 > x/a TCP 80', FROM_B],
    open: ['y/c > x/a TCP 80'],
  },
  {
    name: 'a pod in a namespace that no file has',
    text: [POD_OF_Z, fromTeams('operator: DoesNotExist')].join('\n'),
    closed: ['10.0.0.9 > x/a TCP 80'],
  },
  {
    name: 'a namespace without a name',
    text: 'kind: Namespace\nmetadata: {labels: {a: b}}\n',
    problems: [['Namespace (case.yaml#1)', 'metadata.name', /no name of a namespace/]],
    open: INTO_A,
  },
]
