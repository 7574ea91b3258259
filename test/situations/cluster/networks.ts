// Peers by address: networks and nodes, among them the sender's own node, which its packets reach by another hook.
import { formatAddress } from '../../../src/cluster/address.ts'
import { cidrOf, type End, type KubeObject, policyObject } from '../fixture.ts'
import { ALL, type Check, type Expect, inNamespace, isPod, nobody, oneOf, outOf, tcp } from '../situation.ts'
import { type ClusterStory, nodeOf } from './place.ts'
import {
  admin, baseline, bothNodes, either, EVERY_NODE, EVERY_POD, EVERYWHERE, inNamespaces, isBeyond, isOwnNode, nodeObject, port, to,
} from './specs.ts'

const ISOLATED = policyObject('isolate', { podSelector: {}, policyTypes: ['Egress'] })
const EAST = { zone: 'east' }
const nodesWith = (matchLabels: KubeObject): KubeObject => ({ nodes: { matchLabels } })

export const NETWORKS: readonly ClusterStory[] = [
  {
    name: 'networks are pods, the world, every node and the own one, also where no object has the address; ICMP too',
    steps: (place) => [
      { apply: [deny(EVERYWHERE)], checks: everyProtocol(outOf('x', nobody)) },
      { apply: bothNodes(place), checks: everyProtocol(outOf('x', nobody)) },
    ],
  },
  {
    name: 'NetworkPolicies do not isolate a pod from its own node, whatever its address',
    steps: (place) => [
      { apply: [...bothNodes(place), ISOLATED], checks: everyProtocol(outOf('x', isOwnNode)) },
      { apply: [baseline('default', { egress: [to('Deny', [EVERYWHERE])] })], checks: everyProtocol(outOf('x', isOwnNode)) },
      { apply: [deny(EVERYWHERE)], checks: everyProtocol(outOf('x', nobody)) },
      { remove: [ISOLATED, deny(EVERYWHERE)], apply: [], checks: everyProtocol(outOf('x', nobody)) },
      { remove: [baseline('default', {})], apply: [], checks: everyProtocol(ALL) },
    ],
  },
  ...([4, 6] as const).map((family): ClusterStory => ({
    name: `networks of IPv${family} say nothing of the other family`,
    steps: (place) => [
      {
        apply: [deny({ networks: [family === 4 ? '0.0.0.0/0' : '::/0'] })],
        checks: everyProtocol(place.family === family ? outOf('x', nobody) : ALL),
      },
    ],
  })),
  {
    name: 'an Accept before spares pods from networks',
    steps: (place) => [
      {
        apply: [...bothNodes(place), admin('deny', { egress: [to('Accept', [EVERY_POD]), to('Deny', [EVERYWHERE])] })],
        checks: everyProtocol(outOf('x', isPod)),
      },
    ],
  },
  {
    name: 'a Pass before spares pods from networks, and leaves them to the rest',
    steps: () => [
      { apply: [admin('deny', { egress: [to('Pass', [EVERY_POD]), to('Deny', [EVERYWHERE])] })], checks: everyProtocol(outOf('x', isPod)) },
      { apply: [baseline('default', { egress: [to('Deny', [inNamespaces('y')])] })], checks: [tcp(80, outOf('x', inNamespace('x', 'z')))] },
      { apply: [ISOLATED], checks: [tcp(80, outOf('x', nobody))] },
    ],
  },
  {
    name: 'a network of one pod\'s address is that pod alone',
    steps: (place) => [
      { apply: [deny({ networks: [cidrOf(place, 'y/a')] })], checks: [tcp(80, outOf('x', (end) => end !== 'y/a'))] },
      {
        apply: [admin('deny', { egress: [to('Accept', [{ networks: [cidrOf(place, 'y/a')] }]), to('Deny', [EVERYWHERE])] })],
        checks: [tcp(80, outOf('x', oneOf('y/a')))],
      },
    ],
  },
  {
    name: 'the own node is a network of its address alone, too',
    steps: (place) => [
      {
        apply: [deny({ networks: [nodeOf(place, 'node0').v4, nodeOf(place, 'node0').v6].map(single) })],
        checks: [tcp(80, outOf('x', (end) => end !== 'node0'))],
      },
    ],
  },
  {
    name: 'nodes are every address of their objects, the own node\'s too, and not their pods',
    steps: (place) => [
      { apply: [deny(EVERY_NODE)], checks: [tcp(80, ALL)] },
      { apply: bothNodes(place), checks: everyProtocol(outOf('x', notNodes('node0', 'node1'))) },
      { remove: [nodeObject(place, 'node0')], apply: [], checks: [tcp(80, outOf('x', notNodes('node1')))] },
    ],
  },
  {
    name: 'nodes are told by their labels, as these change',
    steps: (place) => [
      { apply: [...bothNodes(place), deny(nodesWith(EAST))], checks: [tcp(80, ALL)] },
      { apply: [nodeObject(place, 'node0', EAST)], checks: [tcp(80, outOf('x', notNodes('node0')))] },
      { apply: [nodeObject(place, 'node0'), nodeObject(place, 'node1', EAST)], checks: [tcp(80, outOf('x', notNodes('node1')))] },
    ],
  },
  {
    name: 'nodes get and lose addresses',
    steps: (place) => {
      const { v4, v6, gateway } = nodeOf(place, 'node0')
      const node = (...addresses: readonly (typeof v4)[]) => nodeObject(place, 'node0', {}, addresses.map(formatAddress))
      return [
        { apply: [node(), deny(EVERY_NODE)], checks: [tcp(80, ALL)] },
        { apply: [node(v4, v6, gateway.v4, gateway.v6)], checks: [tcp(80, outOf('x', notNodes('node0', 'gateway')))] },
        { apply: [node(v4, v6)], checks: [tcp(80, outOf('x', notNodes('node0')))] },
        { apply: [node(gateway.v4, gateway.v6)], checks: [tcp(80, outOf('x', notNodes('gateway')))] },
      ]
    },
  },
  {
    name: 'a port of nodes is accepted, and everything else of them and of the world denied',
    steps: (place) => [
      {
        apply: [
          ...bothNodes(place),
          admin('deny', { egress: [to('Accept', [EVERY_POD]), to('Accept', [EVERY_NODE], [port(80)]), to('Deny', [EVERY_NODE, EVERYWHERE])] }),
        ],
        checks: [tcp(80, outOf('x', either(isPod, oneOf('node0', 'node1')))), tcp(81, outOf('x', isPod)), ping(outOf('x', isPod))],
      },
    ],
  },
  {
    name: 'Baseline denies nodes and networks too, the own node included',
    steps: (place) => [
      {
        apply: [...bothNodes(place), baseline('default', { egress: [to('Deny', [EVERY_NODE], [port(81)])] })],
        checks: [tcp(80, ALL), tcp(81, outOf('x', notNodes('node0', 'node1')))],
      },
      { apply: [baseline('default', { egress: [to('Deny', [EVERYWHERE])] })], checks: [tcp(80, outOf('x', nobody))] },
      {
        apply: [admin('pass', { egress: [to('Pass', [EVERY_NODE]), to('Accept', [EVERYWHERE])] })],
        checks: [tcp(80, outOf('x', notNodes('node0', 'node1')))],
      },
    ],
  },
  {
    name: 'a rule about pods says nothing of the node that they are on',
    steps: (place) => [
      { apply: [...bothNodes(place), deny(EVERY_POD)], checks: [tcp(80, outOf('x', isBeyond)), ping(outOf('x', isBeyond))] },
    ],
  },
]

function deny(...peers: readonly KubeObject[]): KubeObject {
  return admin('deny', { egress: [to('Deny', peers)] })
}

function everyProtocol(expect: Expect): Check[] {
  return [tcp(80, expect), tcp(8080, expect), { protocol: 'UDP', port: 53, expect }, { protocol: 'SCTP', port: 9003, expect }, ping(expect)]
}

function ping(expect: Expect): Check {
  return { protocol: 'ICMP', port: 0, expect }
}

/** Everything but these. */
function notNodes(...nodes: readonly End[]): (end: End) => boolean {
  return (end) => !nodes.includes(end)
}

function single(address: Parameters<typeof formatAddress>[0]): string {
  return `${formatAddress(address)}/${address.length * 8}`
}
