// What reading an object gives: how it is now, and what is wrong with it.
import type { ClusterNode, Namespace, Pod, PodKey, PolicyKey } from './objects.ts'

/** "This pod is now so"; undefined: it is gone, or has ended. */
export interface PodChange {
  readonly kind: 'pod'
  readonly key: PodKey
  readonly now: Pod | undefined
}

export interface NamespaceChange {
  readonly kind: 'namespace'
  /** Name of the namespace. */
  readonly key: string
  readonly now: Namespace | undefined
}

export interface NodeChange {
  readonly kind: 'node'
  /** Name of the node. */
  readonly key: string
  readonly now: ClusterNode | undefined
}

/** One thing wrong with an object: what, where, and what was done about it. */
export interface Problem {
  /** `Kind namespace/name`, with the file and document for manifests. */
  readonly object: string
  /** Field path as Kubernetes writes it, such as `spec.ingress[0].from[1].ipBlock.cidr`; empty for the whole object. */
  readonly field: string
  /** What is wrong, and the consequence. */
  readonly message: string
  /** The policy that it is a problem of, which fails closed. */
  readonly policy?: PolicyKey
  /** The pod that it is a problem of, which fails closed. */
  readonly pod?: PodKey
  /** The node whose settings it is about: policies are not in force there in full. */
  readonly node?: string
}
