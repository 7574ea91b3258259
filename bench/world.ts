// A cluster of a given size as the benchmarks use it: realistic in what makes work (labels, namespaces, peers by selector and
// by CIDR, ports and ranges), and the same at every run.
import type { Address } from '../src/cluster/address.ts'
import { addressFromBytes } from '../src/cluster/address.ts'
import type { Change } from '../src/source.ts'
import { type Namespace, type Pod, podKey } from '../src/cluster/objects.ts'
import { readClusterPolicy } from '../src/policy/read-cluster-policy.ts'
import { readPolicy } from '../src/policy/read.ts'
import type { ClusterPolicy, Policy } from '../src/policy/types.ts'

export interface WorldSize {
  readonly pods: number
  readonly policies: number
  readonly localPods: number
}

export const NODE = 'node-0'
const APPS = 10
const TEAMS = 20
/** Namespaces that have pods on the node. */
const BUSY = 10
const PODS_PER_NAMESPACE = 200

/** Everything there is, made anew at each call: a benchmark of memory must not hold it twice. */
export function changesOf(size: WorldSize): Change[] {
  return [
    ...Array.from({ length: namespacesIn(size) }, (_, index) => namespaceOf(index)).map((now): Change => ({ kind: 'namespace', key: now.name, now })),
    ...Array.from({ length: size.policies }, (_, index) => policyOf(index)).map((now): Change => ({ kind: 'policy', key: now.key, now })),
    ...Array.from({ length: size.pods }, (_, index) => podChange(podOf(size, index))),
  ]
}

export function podChange(now: Pod, gone = false): Change {
  return { kind: 'pod', key: podKey(now), now: gone ? undefined : now }
}

/** Pods are spread over namespaces of 200 with ten apps each; all policies are in the namespaces of the local pods, so all are active. */
export function namespacesIn({ pods }: WorldSize): number {
  return Math.max(BUSY, Math.ceil(pods / PODS_PER_NAMESPACE))
}

/** Address number `index` of the pod network: 10.128.0.0/9, and fd00:10::/64 the same way. */
export function podAddress(index: number): Address {
  return addressFromBytes([10, 128 + (index >> 16), (index >> 8) & 255, index & 255])
}

/** Pod number `index`; the first ones are local. Numbers beyond the size are pods that are not there yet. */
export function podOf(size: WorldSize, index: number): Pod {
  const isLocal = index < size.localPods
  const namespaces = namespacesIn(size)
  const namespace = isLocal ? index % BUSY : index % namespaces
  const app = Math.floor(index / (isLocal ? BUSY : namespaces)) % APPS
  return {
    namespace: `ns-${namespace}`,
    name: `app-${app}-${index}`,
    uid: `uid-${index}`,
    labels: { app: `app-${app}`, tier: app < 3 ? 'front' : 'back', 'pod-template-hash': `${namespace}x${app}` },
    nodeName: isLocal ? NODE : `node-${1 + (index % 999)}`,
    addresses: [podAddress(index)],
    hostNetwork: false,
    phase: 'Running',
    terminating: false,
    ports: [{ name: 'http', protocol: 'TCP', port: 8000 + app }],
    faulty: false,
  }
}

function namespaceOf(index: number): Namespace {
  const name = `ns-${index}`
  return { name, labels: { 'kubernetes.io/metadata.name': name, team: `team-${index % TEAMS}` } }
}

function policyOf(index: number): Policy {
  return policyFrom({ name: `policy-${index}`, namespace: `ns-${index % BUSY}` }, policySpec(index))
}

/** Every app of every busy namespace has its share: peers of the own namespace, of a team, of one namespace, and CIDR blocks. */
export function policySpec(index: number): object {
  const app = Math.floor(index / BUSY) % APPS
  const turn = Math.floor(index / (BUSY * APPS))
  const peers = [
    [{ podSelector: { matchLabels: { app: `app-${turn % APPS}` } } }],
    [{ namespaceSelector: { matchLabels: { team: `team-${turn % TEAMS}` } }, podSelector: { matchLabels: { app: `app-${(app + turn) % APPS}` } } }],
    [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': `ns-${20 + ((index * 7) % 50)}` } } }],
    [{ ipBlock: { cidr: `172.${16 + (turn % 16)}.0.0/16`, except: [`172.${16 + (turn % 16)}.${index % 256}.0/24`] } }],
  ][index % 4]
  const ports = turn % 3 === 0 ? [{ port: 8000 + app }] : [{ port: 9000 + turn, endPort: 9010 + turn }, { port: 'http' }]
  const isEgress = turn % 2 === 1
  return {
    podSelector: { matchLabels: { app: `app-${app}` } },
    policyTypes: [isEgress ? 'Egress' : 'Ingress'],
    ...(isEgress ? { egress: [{ to: peers, ports }] } : { ingress: [{ from: peers, ports }] }),
  }
}

/** A policy from its manifest. @throws if the manifest is wrong: a benchmark must not measure errors */
export function policyFrom(metadata: { name: string; namespace: string }, spec: object): Policy {
  const { policy, problems } = readPolicy({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata, spec })
  if (policy === undefined || problems.length > 0) throw new Error(`bad benchmark policy: ${JSON.stringify(problems)}`)
  return policy
}

/** A ClusterNetworkPolicy from its manifest. @throws as policyFrom() */
export function clusterPolicyFrom(name: string, spec: object): ClusterPolicy {
  const object = { apiVersion: 'policy.networking.k8s.io/v1beta1', kind: 'ClusterNetworkPolicy', metadata: { name }, spec }
  const { policy, problems } = readClusterPolicy(object)
  if (policy === undefined || problems.length > 0) throw new Error(`bad benchmark policy: ${JSON.stringify(problems)}`)
  return policy
}

/** As many rules, and peers in each, as the API takes. */
const MOST = 25

/** A rule about 25 namespaces: number `index` of 25, over all namespaces that a cluster of 100,000 pods has. */
export function clusterRule(index: number, action: string): object {
  const from = Array.from({ length: MOST }, (_, peer) => ({ namespaces: { matchLabels: { 'kubernetes.io/metadata.name': `ns-${peer * MOST + index}` } } }))
  return { action, from, protocols: [{ tcp: { destinationPort: { number: 8000 + index } } }, { udp: { destinationPort: { range: { start: 9000, end: 9100 + index } } } }] }
}

/** 25 rules of 25 peers each for every pod of the cluster. @param actionOf of a rule; default: Accept and Deny in turn */
export function clusterPolicyOf(name: string, priority: number, actionOf = (index: number) => (index % 2 === 0 ? 'Accept' : 'Deny')): ClusterPolicy {
  const ingress = Array.from({ length: MOST }, (_, index) => clusterRule(index, actionOf(index)))
  return clusterPolicyFrom(name, { tier: 'Admin', priority, subject: { namespaces: {} }, ingress })
}
