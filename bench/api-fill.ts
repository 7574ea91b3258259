// Fills a real API server with a cluster: pods that run somewhere else, and policies that are active on the node under test.
import type { ApiClient } from '../test/e2e/api-client.ts'
import type { ApiObject } from '../test/e2e/resource-path.ts'

export interface ApiWorld {
  /** Pods elsewhere. */
  readonly pods: number
  /** Policies besides the one that is measured; each selects the pod. */
  readonly policies: number
}

const PODS_PER_NAMESPACE = 100
const APPS = 10
/** Requests under way at a time; the client has as many connections. */
const PARALLEL = 8

export async function fill(admin: ApiClient, namespace: string, { pods, policies }: ApiWorld): Promise<void> {
  const namespaces = Array.from({ length: Math.ceil(pods / PODS_PER_NAMESPACE) }, (_, index) => namespaceObject(index))
  await each(namespaces, (object) => admin.create(object))
  await each(Array.from({ length: policies }, (_, index) => policyObject(namespace, index)), (object) => admin.create(object))
  await each(Array.from({ length: pods }, (_, index) => index), async (index) => {
    const object = podObject(index)
    await admin.create(object)
    await admin.mergeStatus(object, { phase: 'Running', podIP: podIP(index), podIPs: [{ ip: podIP(index) }] })
  })
}

async function each<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const left = items.values()
  const worker = async (): Promise<void> => {
    for (const item of left) await work(item)
  }
  await Promise.all(Array.from({ length: PARALLEL }, worker))
}

function namespaceObject(index: number): ApiObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name: `ns-${index}`, labels: { team: `team-${index % APPS}` } } }
}

function podObject(index: number): ApiObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: `ns-${Math.floor(index / PODS_PER_NAMESPACE)}`, name: `pod-${index}`, labels: { app: `app-${index % APPS}` } },
    spec: { nodeName: `node-${index % 100}`, containers: [{ name: 'main', image: 'none', ports: [{ name: 'http', containerPort: 8080 }] }] },
  }
}

function podIP(index: number): string {
  return `10.200.${index >> 8}.${index & 255}`
}

/** None of them lets the client in: apps of teams, one namespace, or a block, each to ports of its own. */
function policyObject(namespace: string, index: number): ApiObject {
  const peers = [
    { namespaceSelector: { matchLabels: { team: `team-${index % APPS}` } }, podSelector: { matchLabels: { app: `app-${(index >> 2) % APPS}` } } },
    { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': `ns-${index % 50}` } } },
    { ipBlock: { cidr: `172.${16 + (index % 16)}.${index >> 4}.0/24` } },
  ]
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { namespace, name: `policy-${index}` },
    spec: { podSelector: {}, ingress: [{ from: [peers[index % peers.length]], ports: [{ port: 1000 + index }] }] },
  }
}
