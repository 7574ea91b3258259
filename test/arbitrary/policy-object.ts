// A Policy back as the API object that it could have been read from.
import { formatRange } from '../../src/cluster/address.ts'
import type { BlockPeer, Direction, Peer, Policy, Port, Rule, Selector } from '../../src/policy/types.ts'

type Json = Readonly<Record<string, unknown>>

const PEERS = { ingress: 'from', egress: 'to' } as const

/** Whether an API object can say the same: there, a list that matches nothing does not exist. */
export function isSayable({ ingress = [], egress = [] }: Policy): boolean {
  return [...ingress, ...egress].every(({ peers, ports }) => peers.length > 0 && ports.length > 0)
}

/** @param policy must be sayable */
export function policyObjectOf({ namespace, name, podSelector, ingress, egress }: Policy): Json {
  const types = [ingress && 'Ingress', egress && 'Egress'].filter((type) => type !== undefined)
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { namespace, name },
    spec: {
      podSelector: selectorObject(podSelector),
      policyTypes: types,
      ...(ingress && { ingress: ingress.map((rule) => ruleObject(rule, 'ingress')) }),
      ...(egress && { egress: egress.map((rule) => ruleObject(rule, 'egress')) }),
    },
  }
}

function ruleObject({ peers, ports }: Rule, direction: Direction): Json {
  return {
    ...(peers !== 'any' && { [PEERS[direction]]: peers.map(peerObject) }),
    ...(ports !== 'any' && { ports: ports.map(portObject) }),
  }
}

function peerObject(peer: Peer): Json {
  if (peer.kind === 'block') return { ipBlock: blockObject(peer) }
  const { namespaces, pods } = peer
  return { podSelector: selectorObject(pods), ...(namespaces !== 'own' && { namespaceSelector: selectorObject(namespaces) }) }
}

function blockObject({ cidr, except }: BlockPeer): Json {
  return { cidr: cidrText(cidr), except: except.map(cidrText) }
}

function cidrText(range: BlockPeer['cidr']): string {
  const text = formatRange(range)
  return text.includes('/') ? text : `${text}/${range.first.length * 8}`
}

function portObject(port: Port): Json {
  const { protocol } = port
  if (port.kind === 'name') return { protocol, port: port.name }
  if (port.first === 0) return { protocol }
  return port.first === port.last ? { protocol, port: port.first } : { protocol, port: port.first, endPort: port.last }
}

function selectorObject({ requirements }: Selector): Json {
  return { matchExpressions: requirements.map(({ key, operator, values }) => ({ key, operator, values: [...values] })) }
}
