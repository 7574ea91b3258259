// A host outside the cluster, on the network of the nodes' uplinks: the client or server behind an ipBlock.
import { addressTexts, literalAddress, macAddress, type Host } from './host.ts'
import { neighbourLines, podRouteLines, type LabNode } from './node.ts'

/** 198.51.100.x and 2001:db8:100::x, the documentation networks. */
export function makeExternal(prefix: string, index: number): Host {
  const name = `external${index}`
  return {
    name,
    namespace: `${prefix}-${name}`,
    mac: macAddress(5, 0, index),
    address4: literalAddress(`198.51.100.${index + 10}`),
    address6: literalAddress(`2001:db8:100::${(index + 10).toString(16)}`),
  }
}

/** `ip` lines, run inside the host: it reaches nodes directly and pods through their nodes. */
export function externalLines(host: Host, nodes: readonly LabNode[]): string[] {
  const [address4, address6] = addressTexts(host)
  return [
    'link set lo up',
    'link set eth0 up',
    `addr add ${address4}/32 dev eth0`,
    `addr add ${address6}/128 dev eth0 nodad`,
    ...nodes.flatMap((node) => [
      ...addressTexts(node).map((address) => `route add ${address} dev eth0`),
      ...neighbourLines(node),
      ...podRouteLines(node),
    ]),
  ]
}

/** `ip` lines, run inside each node. */
export function externalNodeLines(host: Host): string[] {
  return addressTexts(host).flatMap((address) => [
    `route add ${address} dev eth0`,
    `neigh replace ${address} lladdr ${host.mac} dev eth0 nud permanent`,
  ])
}
