// The largest ClusterNetworkPolicies that there can be, and many nodes: the program judges as the evaluator does.
import { expect, test } from '@jest/globals'
import { type Address, formatAddress } from '../../src/cluster/address.ts'
import { Compiler } from '../../src/compiler/compiler.ts'
import { readObject } from '../../src/manifests/objects.ts'
import { lookup, lookupOwn } from '../../src/nftables/lookup.ts'
import { prepareEvaluator } from '../../src/policy/evaluator.ts'
import type { Flow } from '../../src/policy/verdict.ts'
import { finalState } from '../arbitrary/cluster.ts'
import { addressOf } from '../arbitrary/pool.ts'
import { type Action, admin, EVERY_POD, podsWith, portNamed, range, to } from '../situations/cluster/specs.ts'
import { type KubeObject, namespaceObject } from '../situations/fixture.ts'

const MOST = 25
const PODS = 60
const NODES = 3000
const NODE = 'node0'
const PORTS = [0, 1, 70, 71, 4200, 4265, 4266, 50_000, 65_535]
const PROTOCOLS = ['TCP', 'UDP', 'other'] as const
const ACTIONS: readonly Action[] = ['Accept', 'Deny', 'Pass']

function list<Item>(length: number, item: (index: number) => Item): Item[] {
  return Array.from({ length }, (_, index) => item(index))
}

/** 25 rules of each action in turn, of 25 peers and 25 protocols. */
function largest(peer: (rule: number, index: number) => KubeObject, protocol: (rule: number, index: number) => KubeObject): KubeObject {
  const rules = list(MOST, (rule) => to(ACTIONS[rule % ACTIONS.length]!, list(MOST, (at) => peer(rule, at)), list(MOST, (at) => protocol(rule, at))))
  return admin('largest', { subject: EVERY_POD, egress: rules })
}

/** Pods of one node with 25 labels each, of which every rule knows some. */
function podObject(index: number): KubeObject {
  const labels = Object.fromEntries(list(MOST, (key) => [`k${key}`, `v${(index * 7 + key * key) % (2 * MOST)}`]))
  const ports = list(MOST, (at) => ({ name: `p${at}`, containerPort: 1 + ((index + at) * 71) % 5000 }))
  return {
    apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'x', name: `pod-${index}`, labels },
    spec: { nodeName: NODE, containers: [{ name: 'c', ports }] },
    status: { phase: 'Running', podIPs: [{ ip: `10.0.0.${index + 1}` }, { ip: `fd00::${(index + 1).toString(16)}` }] },
  }
}

function nodeObject(index: number): KubeObject {
  const address = `172.16.${index >> 8}.${index & 255}`
  const labels = { 'kubernetes.io/hostname': `node${index}`, zone: `z${index % (2 * MOST)}` }
  return { apiVersion: 'v1', kind: 'Node', metadata: { name: `node${index}`, labels }, status: { addresses: [{ type: 'InternalIP', address }] } }
}

function expectSame(objects: readonly KubeObject[], destinations: readonly Address[]): void {
  const changes = [namespaceObject('x'), ...list(PODS, podObject), ...objects].flatMap((object) => readObject(object).changes)
  const compiler = new Compiler(NODE)
  compiler.apply(changes)
  const evaluate = prepareEvaluator(finalState(changes), NODE)
  const wrong = list(PODS, (index) => index).flatMap((index) => destinations.flatMap((destination) => {
    const source = addressOf(destination.length === 4 ? `10.0.0.${index + 1}` : `fd00::${(index + 1).toString(16)}`)
    return PROTOCOLS.flatMap((protocol) => PORTS.flatMap((port) => isSame(compiler, evaluate, { source, destination, protocol, port }) ? [] : [
      `${formatAddress(source)} > ${formatAddress(destination)} ${protocol} ${port}`,
    ]))
  }))
  expect(wrong).toEqual([])
}

function isSame({ content }: Compiler, evaluate: ReturnType<typeof prepareEvaluator>, flow: Flow): boolean {
  const isOwn = flow.destination === addressOf('172.16.0.0')
  return (isOwn ? lookupOwn(content, flow) : lookup(content, flow)).allowed === evaluate(flow).allowed
}

const SOME_PODS = ['10.0.0.1', '10.0.0.7', '10.0.0.60', 'fd00::2', 'fd00::3c', '203.0.113.1'].map(addressOf)

test('25 rules of 25 peers by label and 25 ranges', () => {
  const wide = (rule: number, at: number) => range(1 + rule * 2000 + at * 70, 66 + rule * 2000 + at * 70)
  expectSame([largest((rule, at) => podsWith({ [`k${at}`]: `v${rule}` }), wide)], SOME_PODS)
})

test('25 rules of every pod and 25 names of ports', () => {
  expectSame([largest(() => EVERY_POD, (_, at) => portNamed(`p${at}`))], SOME_PODS)
})

test('25 rules of 25 peers with 25 networks, which overlap', () => {
  const networks = (rule: number, at: number): KubeObject => ({ networks: list(MOST, (n) => `10.0.0.${(rule * 5 + at + n) % 64}/${24 + (n % 9)}`) })
  expectSame([largest(networks, (rule, at) => range(1 + rule + at, 70 + rule + at))], SOME_PODS)
})

test(`25 rules of 25 peers that select among ${NODES} nodes`, () => {
  const nodes = list(NODES, nodeObject)
  const some = ['172.16.0.0', '172.16.0.1', '172.16.0.30', '172.16.11.100', '10.0.0.1'].map(addressOf)
  expectSame([...nodes, largest((rule, at) => ({ nodes: { matchLabels: { zone: `z${rule + at}` } } }), (rule) => range(1 + rule, 4200 + rule))], some)
})
