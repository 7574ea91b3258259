// Which policies something is wrong with, from the names of objects in problems.
import type { Problem } from '../cluster/change.ts'
import type { PolicyKey } from '../cluster/objects.ts'

/** A manifest's file and document may follow: `NetworkPolicy x/web (policies.yaml#2)`. */
const POLICY = /^NetworkPolicy (?<key>[^\s/]+\/\S+)/

/** Each once, in the order of the problems. */
export function policiesInError(problems: readonly Problem[]): PolicyKey[] {
  const keys = problems.map(({ object }) => POLICY.exec(object)?.groups?.['key'])
  return [...new Set(keys)].filter((key): key is PolicyKey => key !== undefined)
}

export function countNodeProblems(problems: readonly Problem[]): number {
  return problems.filter(({ object }) => object.startsWith('Node ')).length
}

export function splitKey(key: string): { readonly namespace: string; readonly name: string } {
  const slash = key.indexOf('/')
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) }
}
