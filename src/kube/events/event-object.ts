// A notice -> events.k8s.io/v1 Event, within the limits of the API (pkg/apis/core/validation/events.go).
import { digest } from '../../base/hash.ts'
import type { Notice } from '../../cluster/notice.ts'

export interface KubeEvent {
  readonly metadata: { readonly namespace: string; readonly name: string }
  readonly [field: string]: unknown
}

const API_VERSION: Readonly<Record<Notice['kind'], string>> = {
  NetworkPolicy: 'networking.k8s.io/v1', ClusterNetworkPolicy: 'policy.networking.k8s.io/v1beta1', Pod: 'v1',
}
/** Where Events about objects without a namespace must be. */
const DEFAULT_NAMESPACE = 'default'
const LONGEST = { note: 1024, instance: 128, nameOfObject: 230 } as const

/** The name follows from the notice alone: all agents give an Event that says the same the same name. */
export function eventOf({ kind, key, reason, message }: Notice, nodeName: string, at: Date): KubeEvent {
  const [namespace, name] = key.split('/', 2) as [string, string]
  const start = name.slice(0, LONGEST.nameOfObject).replace(/[-.]+$/, '')
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { namespace: namespace === '' ? DEFAULT_NAMESPACE : namespace, name: `${start}.${digest(JSON.stringify([kind, key, reason, message]))}` },
    eventTime: at.toISOString().replace('Z', '000Z'), // a MicroTime
    type: 'Warning',
    reason,
    action: 'Enforce',
    note: shortened(message.replace(/[^ -~]/g, '?'), LONGEST.note),
    regarding: { apiVersion: API_VERSION[kind], kind, name, ...(namespace !== '' && { namespace }) },
    reportingController: 'vethguard',
    reportingInstance: `vethguard-${nodeName}`.slice(0, LONGEST.instance),
  }
}

function shortened(text: string, longest: number): string {
  return text.length <= longest ? text : `${text.slice(0, longest - 3)}...`
}
