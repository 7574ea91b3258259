// What is read from the API server: which objects, and what is kept of each.
import type { Problem } from '../../cluster/change.ts'
import type { Change } from '../../source.ts'
import { readNamespace } from '../../cluster/read-namespace.ts'
import { readPod } from '../../cluster/read-pod.ts'
import { readPolicyChange } from '../../policy/read-change.ts'
import { Interner } from './interner.ts'
import type { Fields } from './prune.ts'

export type ResourceName = 'pods' | 'namespaces' | 'networkpolicies' | OptionalResourceName
/** Those that are read only if the API server serves ClusterNetworkPolicies. */
export type OptionalResourceName = 'clusternetworkpolicies' | 'nodes'

/** What an object's appearance means; without a change it says nothing that could be used. */
export interface Reading {
  readonly change: Change | undefined
  readonly problems: readonly Problem[]
}

export interface Resource<Name = ResourceName> {
  readonly name: Name
  /** Of the changes that come of it. */
  readonly kind: Change['kind']
  readonly path: string
  readonly fieldSelector: string | undefined
  /** What `read` looks at; undefined: everything. */
  readonly fields: Fields | undefined
  /** Every watch begins with all objects: the server may serve them otherwise than before, without an event. */
  readonly isReread?: boolean
  /** Reads an object as parsed from JSON. Keeps nothing of it. */
  readonly read: (object: unknown) => Reading
}

const POD_FIELDS: Fields = {
  metadata: { namespace: true, name: true, uid: true, labels: true, deletionTimestamp: true },
  spec: { nodeName: true, hostNetwork: true, containers: { ports: true }, initContainers: { restartPolicy: true, ports: true } },
  status: { phase: true, podIP: true, podIPs: true },
}

/** Fresh ones for one source. @param nodeName the node whose pods must be told from others that had their names before */
export function resources(nodeName: string): Resource[] {
  const interner = new Interner()
  return [
    {
      name: 'namespaces',
      kind: 'namespace',
      path: '/api/v1/namespaces',
      fieldSelector: undefined,
      fields: undefined, // few and small
      read: readNamespace,
    },
    {
      name: 'networkpolicies',
      kind: 'policy',
      path: '/apis/networking.k8s.io/v1/networkpolicies',
      fieldSelector: undefined,
      fields: undefined, // fields that are not known make a policy fail closed, so all must be seen
      read: readPolicyChange,
    },
    {
      name: 'pods',
      kind: 'pod',
      path: '/api/v1/pods',
      fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed',
      fields: POD_FIELDS,
      read: (object) => slim(readPod(object), nodeName, interner),
    },
  ]
}

/** Pods of one workload say the same in many fields: kept once, these cost little. Nobody asks for the uid of pods elsewhere. */
function slim({ change, problems }: Reading, nodeName: string, interner: Interner): Reading {
  if (change?.kind !== 'pod' || change.now === undefined) return { change, problems }
  const pod = interner.pod(change.now)
  return { change: { ...change, now: pod.nodeName === nodeName ? pod : { ...pod, uid: '' } }, problems }
}
