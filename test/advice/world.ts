// A compiler that was told of some objects: what tests of advice begin with.
import type { Namespace, Pod } from '../../src/cluster/objects.ts'
import { Compiler } from '../../src/compiler/compiler.ts'
import type { Policy } from '../../src/policy/types.ts'
import { changesOf } from '../arbitrary/cluster.ts'
import { NODES } from '../arbitrary/pool.ts'

export function compilerOf(pods: readonly Pod[], policies: readonly Policy[], namespaces: readonly Namespace[] = []): Compiler {
  const compiler = new Compiler(NODES[0])
  compiler.load(changesOf({ pods, policies, namespaces, clusterPolicies: [], nodes: [] }))
  return compiler
}
