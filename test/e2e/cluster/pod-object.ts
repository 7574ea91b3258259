// Manifests of the pods that checks need, and what their status says.
import type { ApiObject } from '../resource-path.ts'

export interface PodOptions {
  /** Name of the node; the scheduler is not asked. */
  readonly node: string
  readonly labels?: Readonly<Record<string, string>>
  /** Arguments of agnhost; without them it serves HTTP on port 80 and UDP on port 80. */
  readonly args?: readonly string[]
  /** More fields of its container: probes, ports. */
  readonly container?: Readonly<Record<string, unknown>>
  readonly spec?: Readonly<Record<string, unknown>>
}

/** What checks read of a pod. */
export interface PodStatus {
  readonly podIPs?: readonly { readonly ip: string }[]
  readonly conditions?: readonly { readonly type: string; readonly status: string }[]
  readonly containerStatuses?: readonly { readonly containerID?: string; readonly restartCount: number }[]
}

const SERVE = ['netexec', '--http-port=80', '--udp-port=80']

export function podObject(namespace: string, name: string, { node, labels = {}, args = SERVE, container = {}, spec = {} }: PodOptions): ApiObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name, labels: { app: name, ...labels } },
    spec: {
      nodeName: node,
      terminationGracePeriodSeconds: 0,
      automountServiceAccountToken: false,
      containers: [{ name: 'main', image: 'localhost/agnhost', imagePullPolicy: 'Never', args, ...container }],
      ...spec,
    },
  }
}

export function statusOf(pod: ApiObject): PodStatus {
  return pod['status'] as PodStatus
}

export function isReady(pod: ApiObject): boolean {
  return statusOf(pod).conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true
}
