// Policies as sources have them -> changes.
import type { ChangeReading } from '../cluster/read-pod.ts'
import { readClusterPolicy } from './read-cluster-policy.ts'
import { readPolicy } from './read.ts'
import type { ClusterPolicyChange, PolicyChange } from './types.ts'

export function readPolicyChange(object: unknown): ChangeReading<PolicyChange> {
  const { policy, problems } = readPolicy(object)
  return { change: policy && { kind: 'policy', key: policy.key, now: policy }, problems }
}

export function readClusterPolicyChange(object: unknown): ChangeReading<ClusterPolicyChange> {
  const { policy, problems } = readClusterPolicy(object)
  return { change: policy && { kind: 'cluster-policy', key: policy.key, now: policy }, problems }
}
