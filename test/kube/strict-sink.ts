// A sink that takes nothing twice: every change and every problem must be news.
import { isDeepStrictEqual } from 'node:util'
import type { Problem } from '../../src/cluster/change.ts'
import type { Change, SourceSink } from '../../src/source.ts'
import { clusterPolicies, nodes } from '../../src/kube/cluster-policy-resources.ts'
import { type Resource, type ResourceName, resources } from '../../src/kube/reflector/resource.ts'
import type { FakeApi } from './fake-api.ts'
import { NODE } from './fixture.ts'

export interface ClusterState {
  readonly objects: ReadonlyMap<string, unknown>
  readonly problems: ReadonlyMap<string, readonly Problem[]>
}

export class StrictSink implements SourceSink {
  readonly objects = new Map<string, unknown>()
  readonly current = new Map<string, readonly Problem[]>()
  readonly batches: (readonly Change[])[] = []
  readonly faults: string[] = []

  changes(batch: readonly Change[]): void {
    this.batches.push(batch)
    for (const { kind, key, now } of batch) {
      const id = `${kind} ${key}`
      if (isDeepStrictEqual(this.objects.get(id), now)) this.faults.push(`${id}: told again`)
      if (now === undefined) this.objects.delete(id)
      else this.objects.set(id, now)
    }
  }

  problems(object: string, problems: readonly Problem[]): void {
    if (isDeepStrictEqual(this.current.get(object) ?? [], problems)) this.faults.push(`${object}: same problems told again`)
    if (problems.length === 0) this.current.delete(object)
    else this.current.set(object, problems)
  }

  state(): ClusterState {
    return { objects: this.objects, problems: this.current }
  }
}

export const RESOURCES: readonly ResourceName[] = ['pods', 'namespaces', 'networkpolicies', 'clusternetworkpolicies', 'nodes']

/** What a source must say of a server's objects. */
export function stateOf({ history, served }: FakeApi): ClusterState {
  const objects = new Map<string, unknown>()
  const problems = new Map<string, readonly Problem[]>()
  const isServed = served.includes('v1beta1') || served.includes('v1alpha2')
  const readable: readonly Resource[] = [...resources(NODE), ...isServed ? [clusterPolicies('v1beta1', true), nodes()] : []]
  for (const { name, read } of readable) {
    for (const object of history.objects(name)) {
      const reading = read(object)
      if (reading.change?.now !== undefined) objects.set(`${reading.change.kind} ${reading.change.key}`, reading.change.now)
      if (reading.problems.length > 0) problems.set(reading.problems[0]!.object, reading.problems)
    }
  }
  return { objects, problems }
}
