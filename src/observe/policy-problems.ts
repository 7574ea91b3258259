// Which policies something is wrong with, from the names of objects in problems.
import type { Problem } from '../cluster/change.ts'
import type { PolicyKey } from '../cluster/objects.ts'

/** A manifest's file and document may follow: `NetworkPolicy x/web (policies.yaml#2)`. */
const POLICY = /^NetworkPolicy (?<key>[^\s/]+\/\S+)/

/** Each once, in the order of the problems. */
export function policiesInError(problems: readonly Problem[]): PolicyKey[] {
  return [...new Set(problems.map(({ object }) => policyIn(object)))].filter((key) => key !== undefined)
}

/** The policy that a problem's object is. */
export function policyIn(object: string): PolicyKey | undefined {
  return POLICY.exec(object)?.groups?.['key'] as PolicyKey | undefined
}

export function countNodeProblems(problems: readonly Problem[]): number {
  return problems.filter(({ object }) => object.startsWith('Node ')).length
}

export function splitKey(key: string): { readonly namespace: string; readonly name: string } {
  const slash = key.indexOf('/')
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) }
}
