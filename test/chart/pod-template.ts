// The parts of a rendered workload that tests look at.
import type { ApiObject } from '../e2e/resource-path.ts'

export interface Container {
  readonly name: string
  readonly image: string
  readonly args?: readonly string[]
  readonly command?: readonly string[]
  readonly env?: readonly { readonly name: string; readonly value?: string }[]
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[]
  readonly securityContext: Readonly<Record<string, unknown>>
  readonly [field: string]: unknown
}

export interface PodSpec {
  readonly containers: readonly Container[]
  readonly initContainers?: readonly Container[]
  readonly [field: string]: unknown
}

interface PodTemplate {
  readonly metadata: { readonly labels: Readonly<Record<string, string>>; readonly annotations?: Readonly<Record<string, string>> }
  readonly spec: PodSpec
}

/** spec.template of a DaemonSet, Deployment or Job. */
export function templateOf(object: ApiObject): PodTemplate {
  return (object['spec'] as { template: PodTemplate }).template
}

/** The pod's spec of a workload, or of a Pod itself. */
export function podSpecOf(object: ApiObject): PodSpec | undefined {
  if (object.kind === 'Pod') return object['spec'] as PodSpec
  const isWorkload = ['DaemonSet', 'Deployment', 'Job'].includes(object.kind)
  return isWorkload ? templateOf(object).spec : undefined
}

export function containersOf({ containers, initContainers = [] }: PodSpec): Container[] {
  return [...initContainers, ...containers]
}
