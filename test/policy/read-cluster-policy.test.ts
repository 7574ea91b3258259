// Reading a ClusterNetworkPolicy: what it says, and how it fails closed where it is not understood.
import { describe, expect, test } from '@jest/globals'
import { formatRange } from '../../src/cluster/address.ts'
import { readClusterPolicy } from '../../src/policy/read-cluster-policy.ts'
import { EVERYTHING, selectorText } from '../../src/policy/selector.ts'
import type { ClusterPeer, ClusterPolicy, ClusterRule, Port } from '../../src/policy/types.ts'

const SOUND = { tier: 'Admin', priority: 10, subject: { namespaces: {} } }
const TO_ALL = [{ namespaces: {} }]
const BAD_SELECTOR = { matchExpressions: [{ key: 'a', operator: 'Maybe' }] }

function read(spec: unknown, name = 'p'): { policy: ClusterPolicy; fields: string[]; messages: string[] } {
  const { policy, problems } = readClusterPolicy({ metadata: { name }, spec })
  return { policy: policy!, fields: problems.map(({ field }) => field), messages: problems.map(({ message }) => message) }
}

/** The only egress rule, as `Deny peers | ports`, and the fields with problems, below the rule. */
function readRule(rule: unknown): [text: string, ...fields: string[]] {
  const { policy, fields } = read({ ...SOUND, egress: [rule] })
  return [ruleText(policy.egress[0]!), ...fields.map((each) => each.replace(/^spec\.egress\[0\]\.?/, ''))]
}

function ruleText({ action, peers, ports }: ClusterRule): string {
  return `${action} ${listText(peers, peerText)} | ${listText(ports, portText)}`
}

function listText<Item>(list: readonly Item[] | 'any', text: (item: Item) => string): string {
  if (list === 'any') return 'any'
  return list.length === 0 ? 'nothing' : list.map(text).join(', ')
}

function peerText(peer: ClusterPeer): string {
  if (peer.kind === 'block') return [peer.cidr, ...peer.except].map(formatRange).join(' - ')
  if (peer.kind === 'nodes') return `nodes(${selectorText(peer.nodes)})`
  return `pods(${peer.namespaces === 'own' ? 'own' : selectorText(peer.namespaces)}; ${selectorText(peer.pods)})`
}

function portText(port: Port): string {
  return `${port.protocol} ${port.kind === 'name' ? port.name : `${port.first}-${port.last}`}`
}

describe('a policy that is understood', () => {
  test('keeps tier, priority, subject and the order of its rules', () => {
    const subject = { pods: { namespaceSelector: { matchLabels: { team: 'a' } }, podSelector: { matchLabels: { app: 'b' } } } }
    const rule = (action: string, direction: 'from' | 'to') => ({ name: 'n', action, [direction]: TO_ALL })
    const { policy, fields } = read({
      tier: 'Baseline', priority: 1000, subject, ingress: [rule('Pass', 'from'), rule('Accept', 'from')], egress: [rule('Deny', 'to')],
    })
    expect(fields).toEqual([])
    expect({ ...policy, subject: [selectorText(policy.subject.namespaces), selectorText(policy.subject.pods)] }).toEqual({
      key: '/p',
      name: 'p',
      tier: 'Baseline',
      priority: 1000,
      subject: ['team in (a)', 'app in (b)'],
      ingress: [expect.objectContaining({ action: 'Pass' }), expect.objectContaining({ action: 'Accept' })],
      egress: [expect.objectContaining({ action: 'Deny' })],
    })
  })

  test.each([
    ['namespaces', { namespaces: { matchLabels: { team: 'a' } } }, 'team in (a)', ''],
    ['every namespace', { namespaces: {} }, '', ''],
    ['pods of all namespaces', { pods: { podSelector: { matchLabels: { app: 'b' } } } }, '', 'app in (b)'],
    ['pods of selected namespaces', { pods: { namespaceSelector: { matchLabels: { a: 'b' } }, podSelector: {} } }, 'a in (b)', ''],
  ])('subject: %s', (_, subject, namespaces, pods) => {
    const { policy, fields } = read({ ...SOUND, subject })
    expect([selectorText(policy.subject.namespaces), selectorText(policy.subject.pods), fields]).toEqual([namespaces, pods, []])
  })

  test('without rules it says nothing, and its status is not looked at', () => {
    const { policy, problems } = readClusterPolicy({
      apiVersion: 'policy.networking.k8s.io/v1beta1', kind: 'ClusterNetworkPolicy', metadata: { name: 'p' },
      spec: { ...SOUND, ingress: null, egress: [] }, status: 7,
    })
    expect([policy?.ingress, policy?.egress, problems]).toEqual([[], [], []])
  })
})

describe('peers', () => {
  test.each<[string, unknown[], string]>([
    ['namespaces', [{ namespaces: { matchLabels: { a: 'b' } } }], 'pods(a in (b); )'],
    ['pods of every namespace', [{ pods: { podSelector: { matchLabels: { a: 'b' } } } }], 'pods(; a in (b))'],
    ['pods of selected namespaces', [{ pods: { namespaceSelector: { matchLabels: { c: 'd' } }, podSelector: {} } }], 'pods(c in (d); )'],
    ['networks, masked', [{ networks: ['10.1.2.3/8', 'FD00::1/8'] }], '10.0.0.0/8, fd00::/8'],
    ['nodes', [{ nodes: {} }], 'nodes()'],
    ['several', [{ nodes: { matchLabels: { a: 'b' } } }, { networks: ['0.0.0.0/0'] }], 'nodes(a in (b)), 0.0.0.0/0'],
    ['a field that is null', [{ namespaces: {}, pods: null }], 'pods(; )'],
  ])('%s', (_, to, expected) => {
    expect(readRule({ action: 'Accept', to })).toEqual([`Accept ${expected} | any`])
  })

  test('of ingress are namespaces and pods only', () => {
    const from = [{ namespaces: {} }, { networks: ['::/0'] }, { nodes: {} }]
    const { policy, fields } = read({ ...SOUND, ingress: [{ action: 'Accept', from }] })
    expect(ruleText(policy.ingress[0]!)).toBe('Accept pods(; ) | any')
    expect(fields).toEqual(['spec.ingress[0].from[1].networks', 'spec.ingress[0].from[2].nodes'])
  })

  const SEEN = { namespaces: {} }
  test.each<[string, unknown, string]>([
    ['an empty one, as the API server leaves it of a field that its CRD does not define', {}, 'to[0]'],
    ['a field of the future', { services: {} }, 'to[0].services'],
    ['domain names', { domainNames: ['a.example'] }, 'to[0].domainNames'],
    ['two kinds', { namespaces: {}, nodes: {} }, 'to[0]'],
    ['a bad selector', { namespaces: BAD_SELECTOR }, 'to[0].namespaces.matchExpressions[0].operator'],
    ['a bad selector of nodes', { nodes: BAD_SELECTOR }, 'to[0].nodes.matchExpressions[0].operator'],
    ['pods without a selector', { pods: {} }, 'to[0].pods.podSelector'],
    ['pods with a field of the future', { pods: { podSelector: {}, sort: {} } }, 'to[0].pods.sort'],
    ['pods with a bad selector of namespaces', { pods: { podSelector: {}, namespaceSelector: BAD_SELECTOR } }, 'to[0].pods.namespaceSelector.matchExpressions[0].operator'],
    ['a bad CIDR beside a good one', { networks: ['10.0.0.0/8', '10.0.0.0/33'] }, 'to[0].networks[1]'],
    ['no CIDR', { networks: [] }, 'to[0].networks'],
    ['more than 25 CIDRs', { networks: Array(26).fill('10.0.0.0/8') }, 'to[0].networks'],
    ['no object', 'all pods', 'to[0]'],
  ])('not understood: %s', (_, peer, field) => {
    const protocols = [{ tcp: { destinationPort: { number: 80 } } }]
    expect(readRule({ action: 'Accept', to: [peer, SEEN], protocols })).toEqual(['Accept pods(; ) | TCP 80-80', field])
    expect(readRule({ action: 'Deny', to: [peer, SEEN], protocols })).toEqual(['Deny any | TCP 80-80', field])
    expect(readRule({ action: 'Pass', to: [peer, SEEN], protocols })).toEqual(['Deny any | TCP 80-80', field])
  })

  test.each<[string, object]>([['missing', {}], ['empty', { to: [] }], ['no list', { to: {} }], ['more than 25', { to: Array(26).fill(SEEN) }]])(
    'a list that is %s', (_, to) => {
      expect(readRule({ action: 'Accept', ...to })).toEqual(['Accept nothing | any', 'to'])
      expect(readRule({ action: 'Deny', ...to })).toEqual(['Deny any | any', 'to'])
      expect(readRule({ action: 'Pass', ...to })).toEqual(['Deny any | any', 'to'])
    },
  )
})

describe('protocols', () => {
  test.each<[string, unknown, string]>([
    ['missing', undefined, 'any'],
    ['null', null, 'any'],
    ['an empty list', [], 'any'],
    ['a number', [{ tcp: { destinationPort: { number: 80 } } }], 'TCP 80-80'],
    ['a range', [{ udp: { destinationPort: { range: { start: 1, end: 65_535 } } } }], 'UDP 1-65535'],
    ['a range of one', [{ sctp: { destinationPort: { range: { start: 7, end: 7 } } } }], 'SCTP 7-7'],
    ['a name, which says no protocol', [{ destinationNamedPort: 'web' }], 'TCP web, UDP web, SCTP web'],
  ])('%s', (_, protocols, expected) => {
    expect(readRule({ action: 'Deny', to: TO_ALL, protocols })).toEqual([`Deny pods(; ) | ${expected}`])
  })

  test.each<[string, unknown, string]>([
    ['an empty one', {}, 'protocols[0]'],
    ['a protocol without a port', { tcp: {} }, 'protocols[0].tcp.destinationPort'],
    ['a protocol that is null', { tcp: null }, 'protocols[0]'],
    ['a protocol with a field of the future', { tcp: { destinationPort: { number: 80 }, flags: 1 } }, 'protocols[0].tcp.flags'],
    ['a protocol of the future', { icmp: {} }, 'protocols[0].icmp'],
    ['two protocols', { tcp: { destinationPort: { number: 80 } }, destinationNamedPort: 'web' }, 'protocols[0]'],
    ['number and range', { tcp: { destinationPort: { number: 80, range: { start: 1, end: 2 } } } }, 'protocols[0].tcp.destinationPort'],
    ['port 0', { tcp: { destinationPort: { number: 0 } } }, 'protocols[0].tcp.destinationPort.number'],
    ['a range that goes down', { tcp: { destinationPort: { range: { start: 2, end: 1 } } } }, 'protocols[0].tcp.destinationPort.range'],
    ['half a range', { tcp: { destinationPort: { range: { start: 2 } } } }, 'protocols[0].tcp.destinationPort.range.end'],
    ['a range with a field of the future', { tcp: { destinationPort: { range: { start: 2, end: 3, step: 2 } } } }, 'protocols[0].tcp.destinationPort.range.step'],
    ['an empty name', { destinationNamedPort: '' }, 'protocols[0].destinationNamedPort'],
    ['a name that no port has', { destinationNamedPort: 'Not A Port!' }, 'protocols[0].destinationNamedPort'],
  ])('not understood: %s', (_, entry, field) => {
    const protocols = [entry, { udp: { destinationPort: { number: 53 } } }]
    expect(readRule({ action: 'Accept', to: TO_ALL, protocols })).toEqual(['Accept pods(; ) | UDP 53-53', field])
    expect(readRule({ action: 'Deny', to: TO_ALL, protocols })).toEqual(['Deny pods(; ) | any', field])
    expect(readRule({ action: 'Pass', to: TO_ALL, protocols })).toEqual(['Deny pods(; ) | any', field])
  })

  test.each<[string, unknown]>([['no list', {}], ['more than 25', Array(26).fill({ destinationNamedPort: 'web' })]])('a list that is %s', (_, protocols) => {
    expect(readRule({ action: 'Accept', to: TO_ALL, protocols })).toEqual(['Accept pods(; ) | nothing', 'protocols'])
    expect(readRule({ action: 'Pass', to: TO_ALL, protocols })).toEqual(['Deny pods(; ) | any', 'protocols'])
  })

  test('and peers that are not understood', () => {
    expect(readRule({ action: 'Pass', to: [{}], protocols: [{}] })).toEqual(['Deny any | any', 'to[0]', 'protocols[0]'])
    expect(readRule({ action: 'Accept', to: [{}], protocols: [{}] })).toEqual(['Accept nothing | nothing', 'to[0]', 'protocols[0]'])
  })
})

describe('rules', () => {
  const protocols = [{ udp: { destinationPort: { number: 53 } } }]
  test.each<[string, object, string, string]>([
    ['Accept with a field of the future', { action: 'Accept', log: true }, 'Accept nothing | nothing', 'log'],
    ['Deny with a field of the future', { action: 'Deny', log: true }, 'Deny pods(; ) | any', 'log'],
    ['Pass with a field of the future', { action: 'Pass', log: true }, 'Deny pods(; ) | any', 'log'],
    ['the field of the other direction', { action: 'Pass', from: [] }, 'Deny pods(; ) | any', 'from'],
    ['no action', {}, 'Deny pods(; ) | UDP 53-53', 'action'],
    ['an action of the future', { action: 'Audit' }, 'Deny pods(; ) | UDP 53-53', 'action'],
    ['a name that is no text', { action: 'Accept', name: 7 }, 'Accept pods(; ) | UDP 53-53', 'name'],
  ])('%s', (_, rule, expected, field) => {
    expect(readRule({ to: TO_ALL, protocols, ...rule })).toEqual([expected, field])
  })

  test('that cannot be read deny everything and keep their number', () => {
    const { policy, fields } = read({ ...SOUND, egress: [null, { action: 'Accept', to: TO_ALL }] })
    expect(policy.egress.map(ruleText)).toEqual(['Deny any | any', 'Accept pods(; ) | any'])
    expect(fields).toEqual(['spec.egress[0]'])
  })

  test.each<[string, unknown]>([['no list', {}], ['more than 25', Array(26).fill({ action: 'Accept', to: TO_ALL })]])('%s: the direction is denied', (_, egress) => {
    const { policy, fields } = read({ ...SOUND, ingress: [{ action: 'Accept', from: TO_ALL }], egress })
    expect(policy.egress.map(ruleText)).toEqual(['Deny any | any'])
    expect(policy.ingress.map(ruleText)).toEqual(['Accept pods(; ) | any'])
    expect(fields).toEqual(['spec.egress'])
  })

  test('25 rules with 25 peers of 25 networks are taken', () => {
    const networks = Array.from({ length: 25 }, (_, index) => `10.${index}.0.0/16`)
    const { policy, fields } = read({ ...SOUND, egress: Array(25).fill({ action: 'Deny', to: Array(25).fill({ networks }) }) })
    expect(fields).toEqual([])
    expect(policy.egress.map(({ peers }) => peers.length)).toEqual(Array(25).fill(625))
  })
})

describe('a frame that is not understood closes the policy', () => {
  const rules = { egress: ['Accept', 'Deny', 'Pass'].map((action) => ({ action, to: [{ nodes: {} }] })) }
  const whole = { ...SOUND, ...rules, tier: 'Baseline' }
  const rankOf = ({ tier, priority }: ClusterPolicy): string => `${tier} ${priority}`
  test.each<[string, object, string, string]>([
    ['a field of the future', { ...whole, audit: true }, 'Baseline 10', 'spec.audit'],
    ['no tier', { ...whole, tier: undefined }, 'Admin 0', 'spec.tier'],
    ['a tier of the future', { ...whole, tier: 'Network' }, 'Admin 0', 'spec.tier'],
    ['no priority', { ...whole, priority: null }, 'Admin 0', 'spec.priority'],
    ['a priority beyond 1000', { ...whole, priority: 1001 }, 'Admin 0', 'spec.priority'],
    ['a priority below 0', { ...whole, priority: -1 }, 'Admin 0', 'spec.priority'],
    ['a fraction as priority', { ...whole, priority: 1.5 }, 'Admin 0', 'spec.priority'],
    ['no subject', { ...whole, subject: undefined }, 'Baseline 10', 'spec.subject'],
  ])('%s', (_, spec, rank, field) => {
    const { policy, fields } = read(spec)
    expect(policy.egress.map(ruleText)).toEqual(['Accept nothing | nothing', 'Deny nodes() | any', 'Deny nodes() | any'])
    expect([rankOf(policy), ...fields]).toEqual([rank, field])
    expect(policy.subject).toEqual({ namespaces: EVERYTHING, pods: EVERYTHING })
  })

  test('also a field of the future beside the spec', () => {
    const { policy, problems } = readClusterPolicy({ metadata: { name: 'p' }, spec: whole, specs: [] })
    expect(policy?.egress.map(ruleText)).toEqual(['Accept nothing | nothing', 'Deny nodes() | any', 'Deny nodes() | any'])
    expect(problems.map(({ field }) => field)).toEqual(['specs'])
  })

  test.each<[string, object, [namespaces: string, pods: string], string]>([
    ['a bad selector', { namespaces: BAD_SELECTOR }, ['', ''], '.namespaces.matchExpressions[0].operator'],
    ['an empty one', {}, ['', ''], ''],
    ['a field of the future', { namespaces: { matchLabels: { a: 'b' } }, nodes: {} }, ['', ''], '.nodes'],
    ['both', { namespaces: {}, pods: { podSelector: {} } }, ['', ''], ''],
    ['no selector of pods', { pods: { namespaceSelector: { matchLabels: { a: 'b' } } } }, ['a in (b)', ''], '.pods.podSelector'],
    ['a bad selector of namespaces', { pods: { namespaceSelector: BAD_SELECTOR, podSelector: { matchLabels: { a: 'b' } } } }, ['', 'a in (b)'],
      '.pods.namespaceSelector.matchExpressions[0].operator'],
    ['pods with a field of the future', { pods: { namespaceSelectors: {}, podSelector: { matchLabels: { a: 'b' } } } }, ['', ''],
      '.pods.namespaceSelectors'],
  ])('a subject selects everything that it could be about: %s', (_, subject, selectors, field) => {
    const { policy, fields } = read({ ...whole, subject })
    expect([selectorText(policy.subject.namespaces), selectorText(policy.subject.pods)]).toEqual(selectors)
    expect(policy.egress.map(ruleText)).toEqual(['Accept nothing | nothing', 'Deny nodes() | any', 'Deny nodes() | any'])
    expect(fields).toEqual([`spec.subject${field}`])
  })

  test.each([undefined, null, 7])('no spec (%j): a policy without rules', (spec) => {
    const { policy, fields } = read(spec)
    expect(policy).toEqual({
      key: '/p', name: 'p', tier: 'Admin', priority: 0, subject: { namespaces: EVERYTHING, pods: EVERYTHING }, ingress: [], egress: [],
    })
    expect(fields).toEqual(['spec'])
  })

  test('no name is reported, and the policy stays', () => {
    const { policy, problems } = readClusterPolicy({ spec: whole })
    expect(policy?.key).toMatch(/^\/unnamed-[0-9a-f]{8}$/)
    expect(policy?.egress.map(ruleText)[0]).toBe('Accept nodes() | any')
    expect(problems.map(({ field }) => field)).toEqual(['metadata.name'])
  })

  test.each([null, 7, 'text', []])('%j is not a policy at all', (object) => {
    const { policy, problems } = readClusterPolicy(object)
    expect(policy).toBeUndefined()
    expect(problems).toEqual([expect.objectContaining({ object: 'ClusterNetworkPolicy' })])
  })
})

test('a problem names object, field, what is wrong and the consequence', () => {
  const { problems } = readClusterPolicy({ metadata: { name: 'no-egress' }, spec: { ...SOUND, egress: [{ action: 'Pass', to: [{}] }] } })
  expect(problems).toEqual([{
    object: 'ClusterNetworkPolicy no-egress',
    policy: '/no-egress',
    field: 'spec.egress[0].to[0]',
    message: 'has none of namespaces, pods, networks, nodes, domainNames (the API server removes fields that the installed CRD does not define): '
      + 'this rule denies every peer',
  }])
})

test.each<[string, object, string]>([
  ['Accept and a peer', { action: 'Accept', to: [7] }, 'this peer matches nothing'],
  ['Accept and a protocol', { action: 'Accept', to: TO_ALL, protocols: [7] }, 'this entry matches nothing'],
  ['Accept and its peers', { action: 'Accept' }, 'this rule accepts nothing'],
  ['Accept and a field', { action: 'Accept', to: TO_ALL, x: 1 }, 'this rule accepts nothing'],
  ['Pass and a peer', { action: 'Pass', to: [7] }, 'this rule denies every peer'],
  ['Pass and a protocol', { action: 'Pass', to: TO_ALL, protocols: [7] }, 'this rule denies its peers, whatever the port'],
  ['Pass and a field', { action: 'Pass', to: TO_ALL, x: 1 }, 'this rule denies its peers, whatever the port'],
  ['no action', { to: TO_ALL }, 'this rule denies'],
])('the consequence is that of the action: %s', (_, rule, consequence) => {
  const { messages } = read({ ...SOUND, egress: [rule] })
  expect(messages).toEqual([expect.stringMatching(new RegExp(`: ${consequence}$`))])
})
