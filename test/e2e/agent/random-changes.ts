// A random history as a real API server takes it: what it refuses is left out, what cannot be changed is made anew.
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { PATIENCE_MS } from '../../../lab/patience.ts'
import { formatAddress } from '../../../src/cluster/address.ts'
import type { Pod, PodKey } from '../../../src/cluster/objects.ts'
import type { PolicyKey } from '../../../src/cluster/objects.ts'
import type { Policy } from '../../../src/policy/types.ts'
import type { Change } from '../../../src/source.ts'
import { historyArb } from '../../arbitrary/cluster.ts'
import { isSayable, policyObjectOf } from '../../arbitrary/policy-object.ts'
import type { AddressPool } from '../../arbitrary/pool.ts'
import { ApiError, type ApiClient } from '../api-client.ts'
import type { ApiObject, ObjectReference } from '../resource-path.ts'

/** Longer than any test: who is terminating stays so until somebody removes the pod. */
const GRACE_SECONDS = 3600

/** Endless; the same for the same seed. */
export function* randomChanges(pool: AddressPool, seed: number): Generator<Change> {
  for (let round = 0; ; round++) yield* fc.sample(historyArb(pool), { numRuns: 10, seed: seed + round }).flat()
}

/** Makes what is stored equal to what the change says. @returns false where no API server would store such an object */
export async function store(admin: ApiClient, change: Change): Promise<boolean> {
  try {
    switch (change.kind) {
      case 'namespace':
        await (change.now === undefined ? removeNamespace(admin, change.key) : admin.apply(namespaceObject(change.key, change.now.labels)))
        return true
      case 'policy':
        return await storePolicy(admin, change)
      case 'pod':
        return await storePod(admin, change)
      default:
        return false // neither is in the histories
    }
  } catch (error) {
    if (error instanceof ApiError && error.status === 422) return false
    throw error
  }
}

async function storePolicy(admin: ApiClient, { key, now }: { key: PolicyKey; now: Policy | undefined }): Promise<boolean> {
  if (now === undefined) await remove(admin, reference('NetworkPolicy', key))
  else if (!isSayable(now)) return false
  else await inNamespace(admin, now.namespace, () => admin.apply(policyObjectOf(now) as ApiObject))
  return true
}

async function storePod(admin: ApiClient, { key, now }: { key: PodKey; now: Pod | undefined }): Promise<boolean> {
  const pod = reference('Pod', key)
  if (now === undefined) await remove(admin, pod)
  else if (now.faulty) return false
  else {
    await inNamespace(admin, now.namespace, () => putPod(admin, podObject(now)))
    const ips = now.addresses.map((address) => ({ ip: formatAddress(address) }))
    await admin.mergeStatus(pod, { phase: now.phase, podIP: ips[0]?.ip ?? null, podIPs: ips })
    if (now.terminating) await admin.delete(pod, GRACE_SECONDS)
  }
  return true
}

/** Labels may change; a pod that is on another node, or has other ports, is another pod. */
async function putPod(admin: ApiClient, pod: ApiObject): Promise<void> {
  try {
    await admin.create(pod)
  } catch (error) {
    if (!hasStatus(error, 409)) throw error
    await admin.apply(pod).catch(async (refusal: unknown) => {
      if (!hasStatus(refusal, 422)) throw refusal
      await admin.delete(pod)
      await admin.create(pod)
    })
  }
}

async function inNamespace(admin: ApiClient, namespace: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await afterTermination(work)
  } catch (error) {
    if (!hasStatus(error, 404)) throw error
    await admin.create(namespaceObject(namespace))
    await afterTermination(work)
  }
}

/** For a moment the API server may hold a namespace for ending that it has removed already: it follows its own store by a watch. */
async function afterTermination(work: () => Promise<unknown>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS
  for (;;) {
    try {
      await work()
      return
    } catch (error) {
      if (!(hasStatus(error, 403) && (error as Error).message.includes('is being terminated')) || performance.now() > deadline) throw error
      await sleep(10)
    }
  }
}

/** With all that it holds, as the controller manager would. */
async function removeNamespace(admin: ApiClient, name: string): Promise<void> {
  for (const path of [`/api/v1/namespaces/${name}/pods`, `/apis/networking.k8s.io/v1/namespaces/${name}/networkpolicies`]) {
    const { apiVersion, kind, items } = await admin.get(path)
    for (const { metadata } of items as ApiObject[]) await admin.delete({ apiVersion, kind: kind.replace(/List$/, ''), metadata })
  }
  await admin.deleteNamespace(name).catch(ignoreMissing)
}

async function remove(admin: ApiClient, object: ObjectReference): Promise<void> {
  await admin.delete(object).catch(ignoreMissing)
}

function ignoreMissing(error: unknown): void {
  if (!hasStatus(error, 404)) throw error
}

function hasStatus(error: unknown, status: number): boolean {
  return error instanceof ApiError && error.status === status
}

function reference(kind: 'Pod' | 'NetworkPolicy', key: PodKey | PolicyKey): ObjectReference {
  const [namespace = '', name = ''] = key.split('/')
  return { apiVersion: kind === 'Pod' ? 'v1' : 'networking.k8s.io/v1', kind, metadata: { namespace, name } }
}

function namespaceObject(name: string, labels: Readonly<Record<string, string>> = {}): ApiObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } }
}

/** One container for each port: the names of one container's ports are different. */
function podObject({ namespace, name, labels, nodeName, hostNetwork, ports }: Pod): ApiObject {
  const containers = ports.map((port, index) => {
    const { name: portName, protocol, port: containerPort } = port
    return { name: `c${index}`, image: 'none', ports: [{ name: portName, protocol, containerPort }] }
  })
  return { apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name, labels }, spec: { nodeName, hostNetwork, containers } }
}
