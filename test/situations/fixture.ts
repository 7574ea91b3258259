// The cluster of all situations: pods a, b, c in namespaces x, y, z, each serving ports 80 and 81 over TCP, UDP and SCTP; as
// API objects, so that reading them is judged too.
import { type Family, formatAddress } from '../../src/cluster/address.ts'
import type { Slot } from '../arbitrary/pool.ts'

export type KubeObject = Readonly<Record<string, unknown>>

/** `namespace/name` of a pod of the fixture. */
export type PodName = `${'x' | 'y' | 'z'}/${'a' | 'b' | 'c'}`

/**
 * Where packets begin and end. Beside the pods: a host outside the cluster, the nodes by the addresses of their objects, and another
 * address of the node that the sender is on.
 */
export type End = PodName | 'outside' | 'node0' | 'node1' | 'gateway'

export const PODS: readonly PodName[] = ['x/a', 'x/b', 'x/c', 'y/a', 'y/b', 'y/c', 'z/a', 'z/b', 'z/c']
const SERVED = [80, 81].flatMap((port) => ['TCP', 'UDP', 'SCTP'].map((protocol) => ({ port, protocol })))
const NAMESPACES = ['x', 'y', 'z'] as const

/** The fixture at certain addresses, seen in one IP family. */
export interface Place {
  readonly family: Family
  /** Nine or more; the pods of PODS are at them in this order. */
  readonly slots: readonly Slot[]
}

export function namespaceOf(pod: PodName): string {
  return pod.slice(0, 1)
}

export function nameOf(pod: PodName): string {
  return pod.slice(2)
}

export function slotOf({ slots }: Place, pod: PodName): Slot {
  const slot = slots[PODS.indexOf(pod)]
  if (slot === undefined) throw new Error(`no slot for ${pod}`)
  return slot
}

/** The pod's address as a CIDR of the given length; without one, the address alone. */
export function cidrOf(place: Place, pod: PodName, length = place.family === 4 ? 32 : 128): string {
  const { v4, v6 } = slotOf(place, pod)
  return `${formatAddress(place.family === 4 ? v4 : v6)}/${length}`
}

/** All namespaces and pods, before any policy. */
export function fixtureObjects(place: Place): KubeObject[] {
  return [...NAMESPACES.map((name) => namespaceObject(name)), ...PODS.map((pod) => podObject(place, pod))]
}

export function namespaceObject(name: string, labels: Readonly<Record<string, string>> = {}): KubeObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { 'kubernetes.io/metadata.name': name, ...labels } } }
}

export function podObject(place: Place, pod: PodName, labels: Readonly<Record<string, string>> = {}): KubeObject {
  const { v4, v6, node } = slotOf(place, pod)
  const podIPs = [v4, v6].map((address) => ({ ip: formatAddress(address) }))
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: namespaceOf(pod), name: nameOf(pod), uid: `uid-${pod}`, labels: { pod: nameOf(pod), ...labels } },
    spec: { nodeName: node, containers: SERVED.map(container) },
    status: { phase: 'Running', podIP: podIPs[0]?.ip, podIPs },
  }
}

function container({ port, protocol }: { port: number; protocol: string }): KubeObject {
  const suffix = `${port}-${protocol.toLowerCase()}`
  return { name: `cont-${suffix}`, ports: [{ containerPort: port, name: `serve-${suffix}`, protocol }] }
}

/** A policy in namespace x, unless said otherwise. */
export function policyObject(name: string, spec: KubeObject, namespace = 'x'): KubeObject {
  return { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { namespace, name }, spec }
}

export function clusterPolicyObject(name: string, spec: KubeObject): KubeObject {
  return { apiVersion: 'policy.networking.k8s.io/v1beta1', kind: 'ClusterNetworkPolicy', metadata: { name }, spec }
}
