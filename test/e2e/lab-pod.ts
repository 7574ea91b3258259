// A pod of the lab as the API server is to know it: bound to its node, running, with its addresses.
import { addressTexts } from '../../lab/host.ts'
import type { LabPod } from '../../lab/pod.ts'
import type { ApiObject } from './resource-path.ts'

export interface LabPodOptions {
  readonly namespace: string
  readonly labels?: Readonly<Record<string, string>>
  /** containerPort entries, for policies with named ports. */
  readonly ports?: readonly Record<string, unknown>[]
}

/** What to apply, and what to merge into its status after that (the API server takes no status with a new object). */
export function labPodObjects(
  pod: LabPod, { namespace, labels = {}, ports = [] }: LabPodOptions,
): { pod: ApiObject; status: Record<string, unknown> } {
  const [podIP, ipv6] = addressTexts(pod)
  const [hostIP, host6] = addressTexts(pod.node)
  return {
    pod: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: pod.name, namespace, labels },
      spec: { nodeName: pod.node.name, containers: [{ name: 'main', image: 'none', ports }] },
    },
    status: { phase: 'Running', podIP, podIPs: [{ ip: podIP }, { ip: ipv6 }], hostIP, hostIPs: [{ ip: hostIP }, { ip: host6 }] },
  }
}
