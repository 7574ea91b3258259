// A lab node: a namespace that forwards between the veths of its pods and an uplink, laid out as one kind of CNI does it.
import type { Address } from '../src/cluster/address.ts'
import { addressTexts, literalAddress, macAddress, podNetworkAddress } from './host.ts'

/**
 * How a node reaches its pods: `routed` has a host route to each pod's veth (ptp, Calico, Amazon VPC CNI); `bridge` has the
 * veths as ports of `cni0` (bridge, flannel), with br_netfilter on.
 */
export type Layout = 'routed' | 'bridge'

export interface LabNode {
  /** Kubernetes' spec.nodeName of its pods: `node0`. */
  readonly name: string
  readonly index: number
  readonly layout: Layout
  readonly namespace: string
  /** Of `eth0`, the link to the other nodes and the external hosts. */
  readonly mac: string
  readonly address4: Address
  readonly address6: Address
}

/** The gateways that pods use; routed ones exist as neighbours only. */
const ROUTED_GATEWAYS = ['169.254.1.1', 'fe80::1'] as const

export function makeNode(prefix: string, index: number, layout: Layout): LabNode {
  return {
    name: `node${index}`,
    index,
    layout,
    namespace: `${prefix}-node${index}`,
    mac: macAddress(1, index, 0),
    address4: literalAddress(`172.18.0.${index + 2}`),
    address6: literalAddress(`fd00:172:18::${index + 2}`),
  }
}

/** The gateway's addresses as the node's pods see them, IPv4 and IPv6. */
export function gatewaysOf(node: LabNode): [string, string] {
  if (node.layout === 'routed') return [...ROUTED_GATEWAYS]
  return addressTexts({ address4: podNetworkAddress(4, node.index, 1), address6: podNetworkAddress(6, node.index, 1) })
}

export function bridgeMac(node: LabNode): string {
  return macAddress(2, node.index, 0)
}

/** `ip` lines, run inside the node, that make its bridge; veths join it later. */
export function bridgeLines(node: LabNode): string[] {
  if (node.layout === 'routed') return []
  const [gateway4, gateway6] = gatewaysOf(node)
  return [
    `link add cni0 address ${bridgeMac(node)} type bridge stp_state 0`,
    `addr add ${gateway4}/24 dev cni0`,
    `addr add ${gateway6}/64 dev cni0 nodad`,
    'link set cni0 up',
  ]
}

/** `ip` lines, run inside the node, for its uplink and the ways to the other nodes and their pods. */
export function uplinkLines(node: LabNode, nodes: readonly LabNode[]): string[] {
  const [address4, address6] = addressTexts(node)
  return [
    'link set eth0 up',
    `addr add ${address4}/24 dev eth0`,
    `addr add ${address6}/64 dev eth0 nodad`,
    ...nodes.filter((other) => other !== node).flatMap((other) => [...neighbourLines(other), ...podRouteLines(other)]),
  ]
}

/** `ip` lines for anybody on the uplink's network: the node is there, no ARP or ND needed. */
export function neighbourLines(node: LabNode): string[] {
  return addressTexts(node).map((address) => `neigh replace ${address} lladdr ${node.mac} dev eth0 nud permanent`)
}

/** `ip` lines for anybody on the uplink's network: the node's pods are behind it. */
export function podRouteLines(node: LabNode): string[] {
  const [via4, via6] = addressTexts(node)
  const [network4, network6] = addressTexts({ address4: podNetworkAddress(4, node.index, 0), address6: podNetworkAddress(6, node.index, 0) })
  return [`route add ${network4}/24 via ${via4} dev eth0`, `route add ${network6}/64 via ${via6} dev eth0`]
}

/** Settings under /proc/sys/net of a node's namespace. */
export const NODE_SYSCTLS: Readonly<Record<string, string>> = {
  'ipv4/ip_forward': '1',
  'ipv6/conf/all/forwarding': '1',
  // A spoofed packet must reach the ruleset, which is to drop it, and not die in the route look-up.
  'ipv4/conf/all/rp_filter': '0',
  'ipv4/conf/default/rp_filter': '0',
  'ipv4/conf/all/send_redirects': '0',
  'ipv4/conf/default/send_redirects': '0',
  'bridge/bridge-nf-call-iptables': '1',
  'bridge/bridge-nf-call-ip6tables': '1',
}
