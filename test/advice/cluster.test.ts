// What advice about ClusterNetworkPolicies says, word for word.
import { describe, expect, test } from '@jest/globals'
import { advise } from '../../src/advice/advise.ts'
import { warningText } from '../../src/advice/warning.ts'
import { parseCidr } from '../../src/cluster/address.ts'
import type { ClusterNode } from '../../src/cluster/objects.ts'
import { atOnce } from '../../src/base/steps.ts'
import { addressOf } from '../arbitrary/pool.ts'
import { clusterPolicy, namespace, pod } from '../policy/state.ts'
import { compilerOf } from './world.ts'

const WEB = pod('shop/web', '10.0.0.1', { ports: [{ name: 'http', protocol: 'TCP', port: 8080 }, { name: 'dns', protocol: 'UDP', port: 53 }] })
const FAR = pod('data/db', '10.0.0.2', { nodeName: 'node-b', ports: [{ name: 'sql', protocol: 'TCP', port: 5432 }] })
const NAMESPACES = [namespace('shop'), namespace('data', { team: 'data' }), namespace('empty', { team: 'nobody' })]
const NODE: ClusterNode = { name: 'node-b', labels: { zone: 'east' }, addresses: [addressOf('192.0.2.1')] }
const ALL = { namespaces: {} }

function advice(spec: object): string[] {
  const one = clusterPolicy('edge', spec)
  const { queries } = compilerOf([WEB, FAR], [one], NAMESPACES, [NODE])
  const said = atOnce(advise(one, { queries, serviceRanges: [parseCidr('10.96.0.0/12')!] })).map(warningText)
  return said.map((text) => text.replace(/^ClusterNetworkPolicy edge: spec\./, ''))
}

function ingress(...rules: object[]): string[] {
  return advice({ ingress: rules.map((rule) => ({ action: 'Deny', from: [ALL], ...rule })) })
}

function egress(...rules: object[]): string[] {
  return advice({ egress: rules.map((rule) => ({ action: 'Deny', to: [ALL], ...rule })) })
}

function labelled(key: string, value: string): object {
  return { matchLabels: { [key]: value } }
}

function tcp(destinationPort: object): object {
  return { tcp: { destinationPort } }
}

describe('selects-no-pod', () => {
  const COMPARE = 'compare them with "kubectl get namespaces --show-labels" and "kubectl get pods -A --show-labels" (pods with hostNetwork do not count)'

  test.each([
    [{ namespaces: labelled('team', 'dta') }, '(team in (dta)) matches has a pod that ({}) matches'],
    [{ namespaces: labelled('team', 'nobody') }, '(team in (nobody)) matches has a pod that ({}) matches'],
    [{ pods: { podSelector: labelled('app', 'wbe') } }, '({}) matches has a pod that (app in (wbe)) matches'],
    [{ pods: { namespaceSelector: labelled('team', 'data'), podSelector: labelled('app', 'web') } }, '(team in (data)) matches has a pod that (app in (web)) matches'],
  ])('%j', (subject, said) => {
    expect(advice({ subject, ingress: [{ action: 'Deny', from: [{ namespaces: labelled('no', 'such') }] }] })).toEqual([
      `subject selects no pod, so this policy does nothing: no namespace that ${said}; ${COMPARE}`,
    ])
  })

  test.each([
    ['every pod, if there is none', ALL, []],
    ['pods of other nodes', { pods: { podSelector: labelled('app', 'db') } }, [FAR]],
    ['pods of a namespace whose labels are known', { namespaces: labelled('team', 'data') }, [FAR]],
  ])('no warning: %s', (_, subject, pods) => {
    const one = clusterPolicy('edge', { subject })
    expect(atOnce(advise(one, { queries: compilerOf(pods, [one], NAMESPACES).queries, serviceRanges: [] }))).toEqual([])
  })
})

describe('peer-matches-nothing', () => {
  test('of ingress: all of a rule in one warning, at the list', () => {
    expect(ingress({ from: [{ namespaces: labelled('team', 'dta') }, ALL, { pods: { podSelector: labelled('app', 'wbe') } }] })).toEqual([
      'ingress[0].from (team in (dta)) matches no namespace; compare it with "kubectl get namespaces --show-labels"; '
      + 'also (app in (wbe)) matches no pod of any namespace; compare it with "kubectl get pods -A --show-labels"',
    ])
  })

  test('of egress: nodes too, and networks never', () => {
    const [east, west] = [{ nodes: labelled('zone', 'east') }, { nodes: labelled('zone', 'west') }]
    expect(egress({ to: [{ networks: ['192.0.2.0/24', '198.51.100.0/24'] }, east, west] })).toEqual([
      'egress[0].to (zone in (west)) matches no node; compare it with "kubectl get nodes --show-labels"',
    ])
  })
})

describe('named-port-unknown', () => {
  test('of the subject, for ingress, whatever the protocol', () => {
    expect(ingress({ protocols: ['http', 'dns'].map((destinationNamedPort) => ({ destinationNamedPort })) })).toEqual([])
    expect(advice({
      subject: { namespaces: labelled('kubernetes.io/metadata.name', 'shop') },
      ingress: [{ action: 'Deny', from: [ALL], protocols: [{ destinationNamedPort: 'http' }, { destinationNamedPort: 'https' }, { destinationNamedPort: 'sql' }] }],
    })).toEqual([
      'ingress[0].protocols https is the name of no port of the pods that the policy selects, so it matches nothing; name a port of their containers so, or give its number; '
      + 'also sql is the name of no port of the pods that the policy selects, so it matches nothing; name a port of their containers so, or give its number',
    ])
  })

  test('of the peers, for egress', () => {
    expect(egress({ to: [{ namespaces: labelled('team', 'data') }], protocols: [{ destinationNamedPort: 'sql' }, { destinationNamedPort: 'http' }] })).toEqual([
      'egress[0].protocols http is the name of no port of the pods that the rule is about, so it matches nothing; name a port of their containers so, or give its number',
    ])
  })
})

test('ipblock-in-service-range: a network of Services', () => {
  const [said, ...others] = egress({ to: [{ networks: ['10.96.0.10/32', '10.0.0.0/8'] }] })
  expect(said).toMatch(/^egress\[0\]\.to 10\.96\.0\.10 matches nothing: it is inside the Services' range 10\.96\.0\.0\/12, and packets to a Service are judged after/)
  expect(others).toEqual([])
})

describe('rule-never-reached', () => {
  const FROM_DATA = { from: [{ namespaces: labelled('team', 'data') }] }
  const DB = { from: [{ pods: { namespaceSelector: labelled('team', 'data'), podSelector: labelled('app', 'db') } }] }
  const [ALL_TCP, HTTP] = [{ protocols: [tcp({ range: { start: 1, end: 65_535 } })] }, { protocols: [tcp({ number: 80 })] }]
  const NAMED = { protocols: [{ destinationNamedPort: 'http' }] }

  test('names the rule that comes first, with its action', () => {
    expect(ingress({ action: 'Accept', ...HTTP }, { action: 'Pass', ...FROM_DATA }, { ...FROM_DATA, ...HTTP })).toEqual([
      'ingress[2] is never reached: spec.ingress[0] (Accept) comes first and matches whatever this rule does; put this rule before that one, or delete it',
    ])
  })

  test.each([
    ['the same peers', FROM_DATA, FROM_DATA],
    ['the same peers among others', { from: [...FROM_DATA.from, ...DB.from] }, DB],
    ['any pods after every pod', {}, DB],
    ['some ports of all', ALL_TCP, HTTP],
    ['the same name', NAMED, NAMED],
  ])('%s', (_, first, second) => {
    expect(ingress(first, second)).toEqual([expect.stringMatching(/^ingress\[1\] is never reached/)])
  })

  test.each([
    ['more peers than the first', DB, { from: [...FROM_DATA.from, ...DB.from] }],
    ['pods of a namespace, after some of its pods', DB, FROM_DATA],
    ['pods with another label', { from: [{ pods: { podSelector: labelled('app', 'web') } }] }, DB],
    ['all ports after some', HTTP, ALL_TCP],
    ['every protocol after all TCP', ALL_TCP, {}],
    ['a number after a name', NAMED, HTTP],
    ['another protocol', HTTP, { protocols: [{ udp: { destinationPort: { number: 80 } } }] }],
  ])('no warning: %s', (_, first, second) => {
    expect(ingress(first, second)).toEqual([])
  })

  test('networks, of their own family', () => {
    const to = (...networks: string[]) => ({ to: [{ networks }] })
    expect(egress(to('0.0.0.0/0'), to('198.51.100.0/24', '192.0.2.7/32'), to('2001:db8::/32'), to('0.0.0.0/0', '::/0'))).toEqual([
      expect.stringMatching(/^egress\[1\] is never reached: spec\.egress\[0\] \(Deny\)/),
    ])
    expect(egress(to('0.0.0.0/0'), {})).toEqual([]) // pods have IPv6, too
  })
})
