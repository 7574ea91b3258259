// Who the nodes of a whole cluster are and how they reach each other: namespaces on one bridge, the fabric, with routes to each
// other's pods. Node 0 is the control plane and has no pods.
import { createNamespaces, exec, ipBatch } from '../../../lab/namespace.ts'

export interface ClusterNode {
  readonly index: number
  /** In the API: `n1`. */
  readonly name: string
  readonly namespace: string
  readonly address4: string
  readonly address6: string
  /** Where its pods get their addresses from. */
  readonly podRange4: string
  readonly podRange6: string
}

/** What every node of a cluster has set; those of bridges exist only with br_netfilter. */
const SYSCTLS = [
  'net.ipv4.ip_forward=1',
  'net.ipv6.conf.all.forwarding=1',
  'net.bridge.bridge-nf-call-iptables=1',
  'net.bridge.bridge-nf-call-ip6tables=1',
]

export function makeNode(prefix: string, index: number): ClusterNode {
  return {
    index,
    name: `n${index}`,
    namespace: `${prefix}-n${index}`,
    address4: `172.30.0.${index + 10}`,
    address6: `fd00:30::${(index + 16).toString(16)}`,
    podRange4: `10.244.${index}.0/24`,
    podRange6: `fd00:244:0:${index.toString(16)}::/64`,
  }
}

export function fabricOf(prefix: string): string {
  return `${prefix}-fabric`
}

/** Makes the namespaces and links of all nodes. */
export function connectNodes(prefix: string, nodes: readonly ClusterNode[]): void {
  const fabric = fabricOf(prefix)
  createNamespaces([fabric, ...nodes.map(({ namespace }) => namespace)])
  ipBatch(fabric, ['link add lan type bridge stp_state 0', 'link set lan up'])
  for (const node of nodes) {
    ipBatch(fabric, [
      `link add port${node.index} type veth peer name eth0 netns ${node.namespace}`,
      `link set port${node.index} master lan`,
      `link set port${node.index} up`,
    ])
    ipBatch(node.namespace, nodeLines(node, nodes))
    exec(node.namespace, ['sysctl', '--quiet', '--ignore', ...SYSCTLS])
  }
}

function nodeLines(node: ClusterNode, nodes: readonly ClusterNode[]): string[] {
  const [control] = nodes
  return [
    'link set lo up',
    'link set eth0 up',
    `addr add ${node.address4}/24 dev eth0`,
    `addr add ${node.address6}/64 dev eth0 nodad`,
    // Services are nobody's addresses: without a default route programs of the node itself could not even begin to reach them.
    ...node === control ? [] : [`route add default via ${control!.address4}`, `route add default via ${control!.address6}`],
    ...nodes.filter((other) => other !== node).flatMap(({ address4, address6, podRange4, podRange6 }) => [
      `route add ${podRange4} via ${address4}`,
      `route add ${podRange6} via ${address6}`,
    ]),
  ]
}
