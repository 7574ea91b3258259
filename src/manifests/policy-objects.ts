// Policies of a manifest: of which API each kind must be, and the change that it means.
import { type PolicyKind, policyName } from '../cluster/objects.ts'
import type { ChangeReading } from '../cluster/read-pod.ts'
import { readClusterPolicyChange, readPolicyChange } from '../policy/read-change.ts'
import type { ClusterPolicyChange, PolicyChange } from '../policy/types.ts'

interface Api {
  readonly group: string
  /** The first is the usual one. */
  readonly versions: readonly [string, ...string[]]
  readonly read: (object: unknown) => ChangeReading<PolicyChange | ClusterPolicyChange>
}

const APIS: Readonly<Record<PolicyKind, Api>> = {
  NetworkPolicy: { group: 'networking.k8s.io', versions: ['v1'], read: readPolicyChange },
  ClusterNetworkPolicy: { group: 'policy.networking.k8s.io', versions: ['v1beta1', 'v1alpha2'], read: readClusterPolicyChange },
}

export function isPolicyKind(kind: string): kind is PolicyKind {
  return Object.hasOwn(APIS, kind)
}

/** Returns the apiVersion that objects of the kind should have. */
export function usualApiVersion(kind: PolicyKind): string {
  const { group, versions } = APIS[kind]
  return `${group}/${versions[0]}`
}

/** Reads a policy. Other projects have kinds of these names too; theirs mean something else. */
export function readPolicyObject(kind: PolicyKind, object: Record<string, unknown>): ReturnType<Api['read']> {
  const { group, versions, read } = APIS[kind]
  const { apiVersion } = object
  const usual = usualApiVersion(kind)
  if (typeof apiVersion === 'string' && !apiVersion.startsWith(`${group}/`)) {
    return { change: undefined, problems: [{ object: '', field: 'apiVersion', message: `${apiVersion} is not ${usual}: this ${kind} is not enforced` }] }
  }
  const { change, problems } = read(object)
  if (versions.some((version) => apiVersion === `${group}/${version}`)) return { change, problems }
  const of = change === undefined ? { object: kind } : { object: `${kind} ${policyName(change.key)}`, policy: change.key }
  return { change, problems: [{ ...of, field: 'apiVersion', message: `must be ${usual}: read as if it were` }, ...problems] }
}
