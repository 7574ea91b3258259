// What the evaluator is asked, and what it answers: a verdict with its reasons.
import type { Address } from '../cluster/address.ts'
import type { ClusterNode, Namespace, Pod, PolicyKey, Protocol } from '../cluster/objects.ts'
import type { ClusterPolicy, Policy } from './types.ts'

/** Everything that decides, at one moment. Keys are unique. */
export interface ClusterState {
  readonly pods: Iterable<Pod>
  readonly namespaces: Iterable<Namespace>
  readonly policies: Iterable<Policy>
  /** Default: none. */
  readonly clusterPolicies?: Iterable<ClusterPolicy>
  /** Default: none. */
  readonly nodes?: Iterable<ClusterNode>
}

/** The first packet of a connection, after service DNAT and before masquerade. */
export interface Flow {
  readonly source: Address
  readonly destination: Address
  /** 'other': a protocol without ports that NetworkPolicy knows, such as ICMP. */
  readonly protocol: Protocol | 'other'
  /** Destination port; ignored for 'other'. */
  readonly port: number
}

/** What a policy did to a connection: NetworkPolicies accept only. */
export type HitAction = 'accept' | 'deny' | 'pass'
/** What denied: isolation by NetworkPolicies of which none allows it, or a ClusterNetworkPolicy of this tier. */
export type DeniedBy = 'isolation' | 'admin' | 'baseline'

export type Reason =
  | 'not-a-pod' // no pod has this address: nothing to enforce
  | 'other-node' // the pod's own node enforces
  | 'itself' // a pod cannot be kept from itself
  | 'not-isolated' // no policy selects the pod in this direction
  | 'allowed' // by allowedBy
  | 'denied' // isolated, and no rule allows it
  | 'faulty' // the pod's object could not be read: denied
  | 'contested' // two pods claim the address: denied

export interface RuleRef {
  readonly policy: PolicyKey
  /** Position in the policy's rules of the direction. */
  readonly rule: number
}

export interface DirectionVerdict {
  readonly allowed: boolean
  readonly reason: Reason
  /** Policies that isolate the pod in this direction, in key order. */
  readonly isolatedBy: readonly PolicyKey[]
  /** Every rule that allows the flow, in key order, then by rule. */
  readonly allowedBy: readonly RuleRef[]
}

export interface Verdict {
  /** Both directions allow. */
  readonly allowed: boolean
  /** What the source pod may. */
  readonly egress: DirectionVerdict
  /** What the destination pod takes. */
  readonly ingress: DirectionVerdict
}
