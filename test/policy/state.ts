// Short ways to write clusters.
import type { Address } from '../../src/cluster/address.ts'
import type { Namespace, Pod } from '../../src/cluster/objects.ts'
import { readPolicy } from '../../src/policy/read.ts'
import { readClusterPolicy } from '../../src/policy/read-cluster-policy.ts'
import type { ClusterPolicy, Policy } from '../../src/policy/types.ts'
import type { Flow } from '../../src/policy/verdict.ts'
import { addressOf } from '../arbitrary/pool.ts'

/** A running pod on node-a with label app=name and the given addresses. */
export function pod(key: string, addresses: string, more: Partial<Pod> = {}): Pod {
  const [namespace, name] = key.split('/') as [string, string]
  return {
    namespace,
    name,
    uid: key,
    labels: { app: name },
    nodeName: 'node-a',
    addresses: addresses.split(' ').filter(Boolean).map(addressOf),
    hostNetwork: false,
    phase: 'Running',
    terminating: false,
    ports: [],
    faulty: false,
    ...more,
  }
}

export function namespace(name: string, labels: Namespace['labels'] = {}): Namespace {
  return { name, labels: { 'kubernetes.io/metadata.name': name, ...labels } }
}

/** A policy that reads without a problem. */
export function policy(key: string, spec: object): Policy {
  const [namespaceName, name] = key.split('/')
  const { policy: read, problems } = readPolicy({ metadata: { namespace: namespaceName, name }, spec })
  if (read === undefined || problems.length > 0) throw new Error(JSON.stringify(problems))
  return read
}

/** A ClusterNetworkPolicy that reads without a problem; default: of tier Admin, for every pod. */
export function clusterPolicy(name: string, spec: object): ClusterPolicy {
  const { policy: read, problems } = readClusterPolicy({ metadata: { name }, spec: { tier: 'Admin', priority: 0, subject: { namespaces: {} }, ...spec } })
  if (read === undefined || problems.length > 0) throw new Error(JSON.stringify(problems))
  return read
}

/** `1.1.1.1 > 1.1.1.2 TCP 80`; without a port: another protocol. */
export function flow(text: string): Flow {
  const [source, , destination, protocol = 'other', port = '0'] = text.split(' ')
  return { source: end(source), destination: end(destination), protocol: protocol as Flow['protocol'], port: Number(port) }
}

function end(address = ''): Address {
  return addressOf(address)
}
