// Problems by what they are about: policies and pods that fail closed, and nodes.
import type { Problem } from '../cluster/change.ts'
import type { PodKey, PolicyKey } from '../cluster/objects.ts'

/** Each once, in the order of the problems. */
export function policiesInError(problems: readonly Problem[]): PolicyKey[] {
  return [...new Set(problems.map(({ policy }) => policy))].filter((key) => key !== undefined)
}

/** Each once. */
export function podsInError(problems: readonly Problem[]): PodKey[] {
  return [...new Set(problems.map(({ pod }) => pod))].filter((key) => key !== undefined)
}

export function countNodeProblems(problems: readonly Problem[]): number {
  return problems.filter(({ node }) => node !== undefined).length
}
