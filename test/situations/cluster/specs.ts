// Short ways to write ClusterNetworkPolicies and nodes, as objects that an API server could have stored.
import { formatAddress } from '../../../src/cluster/address.ts'
import type { Labels } from '../../../src/cluster/objects.ts'
import type { End, KubeObject, PodName } from '../fixture.ts'
import { both, type Expect, into, isPod, outOf } from '../situation.ts'
import { labels, namespaceNamed } from '../specs.ts'
import { type ClusterPlace, nodeOf } from './place.ts'

export type Action = 'Accept' | 'Deny' | 'Pass'
type Peers = readonly KubeObject[]
type Protocols = readonly KubeObject[] | undefined

interface Spec {
  readonly priority?: number
  /** Default: every pod of namespace x. */
  readonly subject?: KubeObject
  readonly ingress?: readonly KubeObject[]
  readonly egress?: readonly KubeObject[]
}

export const EVERY_POD: KubeObject = { namespaces: {} }
export const EVERYWHERE: KubeObject = { networks: ['0.0.0.0/0', '::/0'] }
export const EVERY_NODE: KubeObject = { nodes: {} }

export function admin(name: string, spec: Spec): KubeObject {
  return clusterPolicy(name, { tier: 'Admin', ...spec })
}

export function baseline(name: string, spec: Spec): KubeObject {
  return clusterPolicy(name, { tier: 'Baseline', ...spec })
}

function clusterPolicy(name: string, spec: Spec & { readonly tier: string }): KubeObject {
  return {
    apiVersion: 'policy.networking.k8s.io/v1beta1',
    kind: 'ClusterNetworkPolicy',
    metadata: { name },
    spec: { priority: 10, subject: inNamespaces('x'), ...spec },
  }
}

/** A rule for ingress. */
export function from(action: Action, peers: Peers, protocols?: Protocols): KubeObject {
  return { action, from: peers, ...(protocols && { protocols }) }
}

/** A rule for egress. */
export function to(action: Action, peers: Peers, protocols?: Protocols): KubeObject {
  return { action, to: peers, ...(protocols && { protocols }) }
}

/** Every pod of a namespace, as subject or peer. */
export function inNamespaces(name: string): KubeObject {
  return { namespaces: namespaceNamed(name) }
}

/** One pod, as subject or peer. */
export function onePod(name: PodName): KubeObject {
  const [namespace = '', pod = ''] = name.split('/')
  return { pods: { namespaceSelector: namespaceNamed(namespace), podSelector: labels({ pod }) } }
}

/** Pods of every namespace. */
export function podsWith(matchLabels: Labels): KubeObject {
  return { pods: { podSelector: labels(matchLabels) } }
}

export function port(number: number, protocol: 'tcp' | 'udp' | 'sctp' = 'tcp'): KubeObject {
  return { [protocol]: { destinationPort: { number } } }
}

export function range(start: number, end: number, protocol: 'tcp' | 'udp' | 'sctp' = 'tcp'): KubeObject {
  return { [protocol]: { destinationPort: { range: { start, end } } } }
}

export function portNamed(destinationNamedPort: string): KubeObject {
  return { destinationNamedPort }
}

type NodeEnd = 'node0' | 'node1'

/** @param addresses default: both of the node's */
export function nodeObject(place: ClusterPlace, end: NodeEnd, nodeLabels: Labels = {}, addresses?: readonly string[]): KubeObject {
  const { name, v4, v6 } = nodeOf(place, end)
  const list = (addresses ?? [v4, v6].map(formatAddress)).map((address) => ({ type: 'InternalIP', address }))
  const status = { addresses: [{ type: 'Hostname', address: name }, ...list] }
  return { apiVersion: 'v1', kind: 'Node', metadata: { name, labels: nodeLabels }, status }
}

/** A pod that shares its node's network. */
export function hostNetworkPod(place: ClusterPlace, end: NodeEnd, namespace: string, podLabels: Labels): KubeObject {
  const { name, v4, v6 } = nodeOf(place, end)
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name: 'host', uid: 'host', labels: podLabels },
    spec: { nodeName: name, hostNetwork: true, containers: [{ name: 'server', ports: [{ containerPort: 80, name: 'web' }] }] },
    status: { phase: 'Running', podIPs: [v4, v6].map((address) => ({ ip: formatAddress(address) })) },
  }
}

export function bothNodes(place: ClusterPlace): KubeObject[] {
  return [nodeObject(place, 'node0'), nodeObject(place, 'node1')]
}

/** One direction of everything that a situation says of both. */
export interface Side {
  readonly direction: 'ingress' | 'egress'
  readonly rule: typeof from
  /** What pods of x may take, or reach, there. */
  readonly open: (target: PodName | 'x', may: (end: End) => boolean) => Expect
  /** A NetworkPolicy in x that isolates in the direction, and allows pods of these namespaces. */
  readonly isolation: (podSelector: KubeObject, ...namespaces: readonly string[]) => KubeObject
  /** Open to pods that are isolated: nothing, or for egress their own node. */
  readonly exempt: (end: End) => boolean
}

export const SIDES: readonly Side[] = [
  {
    direction: 'ingress',
    rule: from,
    open: into,
    isolation: (podSelector, ...namespaces) => (
      { podSelector, policyTypes: ['Ingress'], ingress: [{ from: namespaces.map(byName) }].filter(() => namespaces.length > 0) }
    ),
    exempt: () => false,
  },
  {
    direction: 'egress',
    rule: to,
    open: outOf,
    isolation: (podSelector, ...namespaces) => (
      { podSelector, policyTypes: ['Egress'], egress: [{ to: namespaces.map(byName) }].filter(() => namespaces.length > 0) }
    ),
    exempt: isOwnNode,
  },
]

function byName(name: string): KubeObject {
  return { namespaceSelector: namespaceNamed(name) }
}

/** The node of the pods of x, by any of its addresses. */
export function isOwnNode(end: End): boolean {
  return end === 'node0' || end === 'gateway'
}

/** Everything that is not a pod. */
export function isBeyond(end: End): boolean {
  return !isPod(end)
}

/** What one of them allows. */
export function either(...some: readonly ((end: End) => boolean)[]): (end: End) => boolean {
  return (end) => some.some((may) => may(end))
}

export function all(...expects: readonly Expect[]): Expect {
  return expects.reduce(both)
}
