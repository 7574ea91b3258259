// Label selectors in one canonical form, so that equal selectors are equal values; and what they match.
import type { Labels } from '../cluster/objects.ts'
import type { Requirement, Selector } from './types.ts'

/** The selector `{}`. */
export const EVERYTHING: Selector = { requirements: [] }

/** The canonical selector of requirements: values, then requirements sorted and without duplicates. */
export function selectorOf(requirements: readonly Requirement[]): Selector {
  const canonical = requirements.map(({ key, operator, values }) => ({ key, operator, values: [...new Set(values)].sort() }))
  const byText = new Map(canonical.map((requirement) => [requirementText(requirement), requirement]))
  return { requirements: [...byText].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, requirement]) => requirement) }
}

/** One text per selector: equal exactly if the canonical selectors are equal. Readable, as kubectl writes selectors. */
export function selectorText(selector: Selector): string {
  return selector.requirements.map(requirementText).join(',')
}

/** Whether the labels fulfil all requirements (apimachinery labels.Requirement.Matches). */
export function matches(selector: Selector, labels: Labels): boolean {
  return selector.requirements.every((requirement) => fulfils(labels, requirement))
}

function fulfils(labels: Labels, { key, operator, values }: Requirement): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
  }
}

function requirementText({ key, operator, values }: Requirement): string {
  switch (operator) {
    case 'In':
      return `${key} in (${values.join(',')})`
    case 'NotIn':
      return `${key} notin (${values.join(',')})`
    case 'Exists':
      return key
    case 'DoesNotExist':
      return `!${key}`
  }
}
