// A compiler that was told of some objects: what tests of advice begin with.
import type { ClusterNode, Namespace, Pod } from '../../src/cluster/objects.ts'
import { Compiler } from '../../src/compiler/compiler.ts'
import { isClusterPolicy } from '../../src/compiler/stages/active-policy.ts'
import type { ClusterPolicy, Policy } from '../../src/policy/types.ts'
import { changesOf } from '../arbitrary/cluster.ts'
import { NODES } from '../arbitrary/pool.ts'

export function compilerOf(
  pods: readonly Pod[],
  policies: readonly (Policy | ClusterPolicy)[],
  namespaces: readonly Namespace[] = [],
  nodes: readonly ClusterNode[] = [],
): Compiler {
  const compiler = new Compiler(NODES[0])
  const ofNamespaces = policies.flatMap((policy) => (isClusterPolicy(policy) ? [] : [policy]))
  compiler.load(changesOf({ pods, policies: ofNamespaces, clusterPolicies: policies.filter(isClusterPolicy), namespaces, nodes }))
  return compiler
}
