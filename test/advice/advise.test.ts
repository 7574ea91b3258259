// What each kind of advice says, word for word.
import { expect, test } from '@jest/globals'
import { advise, MAX_WARNINGS } from '../../src/advice/advise.ts'
import { warningText } from '../../src/advice/warning.ts'
import { parseCidr } from '../../src/cluster/address.ts'
import { atOnce } from '../../src/base/steps.ts'
import { namespace, pod, policy } from '../policy/state.ts'
import { compilerOf } from './world.ts'

const WEB = pod('shop/web', '10.0.0.1', { ports: [{ name: 'http', protocol: 'TCP', port: 8080 }, { name: 'dns', protocol: 'UDP', port: 53 }] })
const FAR = pod('data/db', '10.0.0.2', { nodeName: 'node-b', ports: [{ name: 'sql', protocol: 'TCP', port: 5432 }] })
const NAMESPACES = [namespace('shop'), namespace('data', { team: 'data' }), namespace('empty', { team: 'nobody' })]
const SERVICES = [parseCidr('10.96.0.0/12')!]

function advice(spec: object): string[] {
  const one = policy('shop/p', spec)
  const { queries } = compilerOf([WEB, FAR], [one], NAMESPACES)
  return atOnce(advise(one, { queries, serviceRanges: SERVICES })).map(warningText)
}

function ingress(rule: object, podSelector: object = {}): string[] {
  return advice({ podSelector, policyTypes: ['Ingress'], ingress: [rule] })
}

function egress(rule: object): string[] {
  return advice({ podSelector: {}, policyTypes: ['Egress'], egress: [rule] })
}

function app(...names: string[]): object {
  return { matchExpressions: [{ key: 'app', operator: 'In', values: names }] }
}

test('selects-no-pod: a policy that selects no pod', () => {
  expect(ingress({ from: [{ podSelector: app('nobody') }] }, app('wbe'))).toEqual([
    'NetworkPolicy shop/p: spec.podSelector (app in (wbe)) matches no pod of namespace shop, so this policy does nothing; '
    + 'compare it with "kubectl get pods -n shop --show-labels" (pods with hostNetwork do not count)',
  ])
})

test('a pod that is on another node, or waits for its address, is a pod', () => {
  const policies = [policy('data/p', { podSelector: app('db') }), policy('shop/p', { podSelector: app('new') })]
  const { queries } = compilerOf([FAR, pod('shop/new', '')], policies)
  expect(policies.flatMap((one) => atOnce(advise(one, { queries, serviceRanges: [] })))).toEqual([])
})

test('{} is for whatever comes', () => {
  const one = policy('empty/deny', { podSelector: {} })
  expect(atOnce(advise(one, { queries: compilerOf([], [one]).queries, serviceRanges: [] }))).toEqual([])
})

test('rules are left to the agents of the nodes where they do something', () => {
  const one = policy('data/p', { podSelector: {}, ingress: [{ from: [{ podSelector: app('nobody') }] }] })
  expect(atOnce(advise(one, { queries: compilerOf([WEB, FAR], [one]).queries, serviceRanges: [] }))).toEqual([])
})

test.each([
  [{ podSelector: app('db') }, "podSelector (app in (db)) matches no pod of the policy's own namespace shop, "
    + 'and without a namespaceSelector it looks nowhere else; correct the labels, or add a namespaceSelector'],
  [{ namespaceSelector: { matchLabels: { team: 'dta' } } }, 'namespaceSelector (team in (dta)) matches no namespace; '
    + 'compare it with "kubectl get namespaces --show-labels"'],
  [{ namespaceSelector: { matchLabels: { team: 'nobody' } } }, 'namespaceSelector (team in (nobody)) matches only namespaces without pods'],
  [{ namespaceSelector: { matchLabels: { team: 'data' } }, podSelector: app('web') }, 'podSelector (app in (web)) matches no pod of the namespaces '
    + 'that namespaceSelector (team in (data)) matches; one entry means both together: for pods that fulfil either, make two entries of it'],
  [{ namespaceSelector: {}, podSelector: app('x', 'y') }, 'podSelector (app in (x,y)) matches no pod of any namespace; '
    + 'compare it with "kubectl get pods -A --show-labels"'],
])('peer-matches-nothing: %j', (peer, said) => {
  expect(ingress({ from: [{ podSelector: app('web') }, peer] })).toEqual([`NetworkPolicy shop/p: spec.ingress[0].from[1].${said}`])
  expect(egress({ to: [peer] })).toEqual([`NetworkPolicy shop/p: spec.egress[0].to[0].${said}`])
})

test('a long selector is cut', () => {
  const names = Array.from({ length: 1000 }, (_, index) => `name-${index}`)
  const [said] = ingress({ from: [{ podSelector: app(...names) }] })
  expect(said!.length).toBeLessThan(600)
})

test('named-port-unknown: of the selected pods, for ingress', () => {
  expect(ingress({ ports: [{ port: 'http' }, { port: 'https' }, { port: 'dns' }] })).toEqual([
    'NetworkPolicy shop/p: spec.ingress[0].ports[1].port https (TCP) is the name of no port of the pods that the policy selects, '
    + 'so nothing is allowed by it; name a TCP port of their containers so, or give its number',
    'NetworkPolicy shop/p: spec.ingress[0].ports[2].port dns (TCP) is the name of no port of the pods that the policy selects, '
    + 'so nothing is allowed by it; they have a port dns of UDP: set protocol to that',
  ])
})

test('named-port-unknown: of the peers, for egress', () => {
  const toData = { to: [{ namespaceSelector: { matchLabels: { team: 'data' } } }] }
  expect(egress({ ...toData, ports: [{ port: 'sql' }, { port: 'http' }] })).toEqual([
    'NetworkPolicy shop/p: spec.egress[0].ports[1].port http (TCP) is the name of no port of the pods that the rule is about, '
    + 'so nothing is allowed by it; name a TCP port of their containers so, or give its number',
  ])
  expect(egress({ ports: [{ port: 'sql' }, { port: 'http' }, { port: 'sql', protocol: 'UDP' }] })).toEqual([
    'NetworkPolicy shop/p: spec.egress[0].ports[2].port sql (UDP) is the name of no port of any pod, '
    + 'so nothing is allowed by it; they have a port sql of TCP: set protocol to that',
  ])
  expect(egress({ to: [{ ipBlock: { cidr: '10.0.0.2/32' } }], ports: [{ port: 'sql' }] })).toEqual([])
  expect(egress({ to: [{ ipBlock: { cidr: '192.0.2.0/24' } }], ports: [{ port: 'sql' }] })).toHaveLength(1)
})

test('ipblock-in-service-range: an ipBlock of Services', () => {
  expect(egress({ to: [{ ipBlock: { cidr: '10.96.0.10/32' } }] })).toEqual([
    "NetworkPolicy shop/p: spec.egress[0].to[0].ipBlock.cidr 10.96.0.10 matches nothing: it is inside the Services' range 10.96.0.0/12, and "
    + 'packets to a Service are judged after they were sent on to one of its endpoints; name these instead, by a podSelector and their own ports',
  ])
  expect(ingress({ from: [{ ipBlock: { cidr: '10.96.0.0/12' } }] })).toEqual([
    "NetworkPolicy shop/p: spec.ingress[0].from[0].ipBlock.cidr 10.96.0.0/12 matches nothing: it is inside the Services' range 10.96.0.0/12, and "
    + 'packets come from the addresses of pods, nodes and the outside, never from that of a Service; name these instead',
  ])
  const [said, ...others] = egress({ to: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16', '10.96.0.1/32'] } }] })
  expect(said).toContain('spec.egress[0].to[0].ipBlock.except[1] 10.96.0.1 excepts nothing: ')
  expect(others).toEqual([])
  expect(egress({ to: [{ ipBlock: { cidr: '10.0.0.0/8' } }, { ipBlock: { cidr: '::/0' } }] })).toEqual([])
})

test('there is an end to advice about one policy', () => {
  const from = Array.from({ length: 500 }, (_, index) => ({ podSelector: app(`nobody-${index}`) }))
  expect(ingress({ from })).toHaveLength(MAX_WARNINGS)
})
