// The way out to people, beside the log: what they should know about one object of theirs.
import type { PolicyKind } from './objects.ts'

export interface Notice {
  readonly kind: PolicyKind | 'Pod'
  /** `namespace/name`, of a ClusterNetworkPolicy `/name` */
  readonly key: string
  /** In CamelCase. */
  readonly reason: string
  readonly message: string
}
