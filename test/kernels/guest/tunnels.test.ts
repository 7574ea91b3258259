// Pods of two nodes that reach each other through a tunnel between the nodes, as overlay networks make them: one device on each node, the
// other node's pods routed to it. Policies hold on both nodes, and what arrives has gone through the tunnel.
import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { afterEach, describe, expect, test } from '@jest/globals'
import { addressTexts } from '../../../lab/host.ts'
import { exec, ipBatch } from '../../../lab/namespace.ts'
import type { LabNode } from '../../../lab/node.ts'
import type { Family } from '../../../src/cluster/address.ts'
import { policyObject } from '../../situations/fixture.ts'
import { TwoNodes } from './two-nodes.ts'

const DEVICE = 'tun0'
const PORT = 80

/** x/a gets only from z/a; z/b sends nothing to the first node's pods but to y/a. */
const POLICIES = [
  policyObject('into-a', {
    podSelector: { matchLabels: { pod: 'a' } },
    ingress: [{ from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'z' } }, podSelector: { matchLabels: { pod: 'a' } } }] }],
  }),
  policyObject('out-of-b', {
    podSelector: { matchLabels: { pod: 'b' } },
    policyTypes: ['Egress'],
    egress: [{ to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'y' } }, podSelector: { matchLabels: { pod: 'a' } } }] }],
  }, 'z'),
]

interface Tunnel {
  readonly families: readonly Family[]
  /** Makes `tun0` on a node. */
  readonly make: (node: LabNode, other: LabNode) => void
  /** A network of its own, with MAC addresses, and not only two ends. */
  readonly isEthernet: boolean
}

const underlay = (node: LabNode): string => addressTexts(node)[0]
const mac = (node: LabNode): string => `02:0f:00:00:00:0${node.index}`

function ends(kind: string): Tunnel['make'] {
  return (node, other) => ipBatch(node.namespace, [`link add ${DEVICE} type ${kind} local ${underlay(node)} remote ${underlay(other)}`])
}

const TUNNELS: Readonly<Record<string, Tunnel>> = {
  vxlan: {
    families: [4, 6],
    isEthernet: true,
    make: (node, other) => {
      ipBatch(node.namespace, [`link add ${DEVICE} address ${mac(node)} type vxlan id 1 local ${underlay(node)} dstport 8472 dev eth0 nolearning`])
      exec(node.namespace, ['bridge', 'fdb', 'append', mac(other), 'dev', DEVICE, 'dst', underlay(other)])
    },
  },
  geneve: {
    families: [4, 6],
    isEthernet: true,
    make: (node, other) => ipBatch(node.namespace, [`link add ${DEVICE} address ${mac(node)} type geneve id 1 remote ${underlay(other)}`]),
  },
  gre: { families: [4, 6], isEthernet: false, make: ends('gre') },
  ipip: { families: [4], isEthernet: false, make: ends('ipip') },
  wireguard: { families: [4, 6], isEthernet: false, make: makeWireguard },
}

/** Keys are the same on each call: a node needs to know the other's. */
const KEYS = [keyPair(), keyPair()] as const

function keyPair(): { readonly secret: string; readonly open: string } {
  const { privateKey, publicKey } = generateKeyPairSync('x25519')
  const raw = (key: Buffer): string => key.subarray(-32).toString('base64')
  return { secret: raw(privateKey.export({ type: 'pkcs8', format: 'der' })), open: raw(publicKey.export({ type: 'spki', format: 'der' })) }
}

function makeWireguard(node: LabNode, other: LabNode): void {
  const [own, peer] = [KEYS[node.index]!, KEYS[other.index]!]
  const file = `/tmp/wireguard-${node.index}`
  writeFileSync(file, own.secret, { mode: 0o600 })
  ipBatch(node.namespace, [`link add ${DEVICE} type wireguard`])
  exec(node.namespace, [
    'wg', 'set', DEVICE, 'listen-port', '51820', 'private-key', file, 'peer', peer.open, 'endpoint', `${underlay(other)}:51820`,
    'allowed-ips', '0.0.0.0/0,::/0',
  ])
}

/** The other node's pods are behind the tunnel. */
function route(node: LabNode, other: LabNode, { isEthernet, families }: Tunnel): void {
  const lines = [`link set ${DEVICE} up`]
  for (const family of families) {
    const network = family === 4 ? `10.244.${other.index}.0/24` : `fd00:10:244:${other.index}::/64`
    const via = family === 4 ? `10.255.0.${other.index + 1}` : `fd00:255::${other.index + 1}`
    if (isEthernet) lines.push(`neigh replace ${via} lladdr ${mac(other)} dev ${DEVICE} nud permanent`)
    lines.push(`route replace ${network}${isEthernet ? ` via ${via}` : ''} dev ${DEVICE}${isEthernet ? ' onlink' : ''}`)
  }
  ipBatch(node.namespace, lines)
}

function received(node: LabNode): number {
  const [link] = JSON.parse(exec(node.namespace, ['ip', '-s', '-j', 'link', 'show', DEVICE])) as { stats64: { rx: { packets: number } } }[]
  return link!.stats64.rx.packets
}

let lab: TwoNodes | undefined
afterEach(() => {
  lab?.close()
  lab = undefined
})

describe.each(Object.entries(TUNNELS))('%s', (_, tunnel) => {
  test('policies for what comes in and goes out hold on both nodes, in each family', async () => {
    const made = lab = new TwoNodes()
    const [first, second] = made.lab.nodes as [LabNode, LabNode]
    for (const [node, other] of [[first, second], [second, first]] as const) {
      tunnel.make(node, other)
      route(node, other, tunnel)
    }
    for (const name of ['x/a', 'x/b', 'y/a', 'z/c'] as const) await made.servers.listen(made.pod(name).namespace, 'TCP', PORT)
    await made.enforce(POLICIES)
    for (const family of tunnel.families) {
      await made.expectAllowed('z/a', 'x/a', PORT, family)
      await made.expectDenied('z/c', 'x/a', PORT, { family, counter: 'deny-in/x/a' })
      await made.expectAllowed('z/b', 'y/a', PORT, family)
      await made.expectDenied('z/b', 'x/b', PORT, { family, counter: 'deny-out/z/b' })
      await made.expectAllowed('x/a', 'z/c', PORT, family)
    }
    for (const node of made.lab.nodes) expect(received(node)).toBeGreaterThan(4 * tunnel.families.length)
  })
})
