// A lab pod: a namespace with `eth0`, whose peer is a veth of the node, wired as the node's layout asks for.
import { addressTexts, macAddress, podNetworkAddress, type Host } from './host.ts'
import { bridgeMac, gatewaysOf, type LabNode } from './node.ts'

export interface LabPod extends Host {
  readonly node: LabNode
  /** Name of the peer of eth0, in the node's namespace. */
  readonly veth: string
  /** Of the veth; what the pod sends to in the routed layout. */
  readonly vethMac: string
}

/** The pod with this number on its node; 240 fit on one. */
export function makePod(prefix: string, node: LabNode, index: number): LabPod {
  const name = `pod${node.index}-${index}`
  return {
    name,
    node,
    namespace: `${prefix}-${name}`,
    veth: `veth${index}`,
    mac: macAddress(3, node.index, index),
    vethMac: macAddress(4, node.index, index),
    address4: podNetworkAddress(4, node.index, index + 10),
    address6: podNetworkAddress(6, node.index, index + 10),
  }
}

/** `ip` line, run outside, that makes the pod's pair of links. */
export function podLinkLine(pod: LabPod): string {
  return `link add ${pod.veth} address ${pod.vethMac} netns ${pod.node.namespace} type veth peer name eth0 address ${pod.mac} netns ${pod.namespace}`
}

/** The MAC address behind the pod's gateway. */
export function gatewayMac(pod: LabPod): string {
  return pod.node.layout === 'routed' ? pod.vethMac : bridgeMac(pod.node)
}

/** `ip` lines, run inside the pod. */
export function podLines(pod: LabPod): string[] {
  const routed = pod.node.layout === 'routed'
  const [address4, address6] = addressTexts(pod)
  const [gateway4, gateway6] = gatewaysOf(pod.node)
  return [
    'link set lo up',
    'link set eth0 up',
    `addr add ${address4}/${routed ? 32 : 24} dev eth0`,
    `addr add ${address6}/${routed ? 128 : 64} dev eth0 nodad`,
    ...[gateway4, gateway6].map((gateway) => `neigh replace ${gateway} lladdr ${gatewayMac(pod)} dev eth0 nud permanent`),
    `route add default via ${gateway4} dev eth0 onlink`,
    `route add default via ${gateway6} dev eth0`,
  ]
}

/** `ip` lines, run inside the pod's node. */
export function podNodeLines(pod: LabPod): string[] {
  const routed = pod.node.layout === 'routed'
  const [address4, address6] = addressTexts(pod)
  const device = routed ? pod.veth : 'cni0'
  return [
    ...(routed ? [] : [`link set ${pod.veth} master cni0`]),
    `link set ${pod.veth} up`,
    ...(routed ? [`route add ${address4}/32 dev ${device}`, `route add ${address6}/128 dev ${device}`] : []),
    ...[address4, address6].map((address) => `neigh replace ${address} lladdr ${pod.mac} dev ${device} nud permanent`),
  ]
}

/** `bridge` lines, run inside the pod's node: the port is known before the pod's first frame, so that none is flooded. */
export function podBridgeLines(pod: LabPod): string[] {
  return pod.node.layout === 'routed' ? [] : [`fdb replace ${pod.mac} dev ${pod.veth} master static`]
}
