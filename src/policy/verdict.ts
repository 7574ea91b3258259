// What the evaluator is asked, and what it answers: a verdict with its reasons.
import type { Address } from '../cluster/address.ts'
import type { ClusterNode, Namespace, Pod, PolicyKey, Protocol } from '../cluster/objects.ts'
import type { ClusterPolicy, Policy, Tier } from './types.ts'

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
  /** 'other': a protocol without ports that policies know, such as ICMP. */
  readonly protocol: Protocol | 'other'
  /** Destination port; ignored for 'other'. */
  readonly port: number
  /** The source's own node takes it for itself. Default: if the destination is an address of that node's object. */
  readonly isForOwnNode?: boolean
}

/** What a policy did to a connection: NetworkPolicies accept only. */
export type HitAction = 'accept' | 'deny' | 'pass'
/** What denied: isolation by NetworkPolicies of which none allows it, or a ClusterNetworkPolicy of this tier. */
export type DeniedBy = 'isolation' | 'admin' | 'baseline'

export type Reason =
  | 'not-a-pod' // no pod has this address: nothing to enforce
  | 'other-node' // the pod's own node enforces
  | 'itself' // a NetworkPolicy cannot keep a pod from itself
  | 'own-node' // nor from its own node
  | 'not-isolated' // no NetworkPolicy selects the pod in this direction, and no ClusterNetworkPolicy decides
  | 'allowed' // by allowedBy
  | 'denied' // isolated, and no rule allows it
  | 'accepted' // by decidedBy
  | 'refused' // by decidedBy
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
  /** NetworkPolicies that isolate the pod in this direction, in key order; none if a ClusterNetworkPolicy has decided before. */
  readonly isolatedBy: readonly PolicyKey[]
  /** Every rule of a NetworkPolicy that allows the flow, in key order, then by rule. */
  readonly allowedBy: readonly RuleRef[]
  /** Rules of ClusterNetworkPolicies that passed the flow on, in order. */
  readonly passedBy: readonly RuleRef[]
  /** The rule of a ClusterNetworkPolicy that decided. */
  readonly decidedBy: (RuleRef & { readonly tier: Tier }) | undefined
}

export interface Verdict {
  /** Both directions allow. */
  readonly allowed: boolean
  /** What the source pod may. */
  readonly egress: DirectionVerdict
  /** What the destination pod takes. */
  readonly ingress: DirectionVerdict
}
