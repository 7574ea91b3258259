// The few shapes of policy specs that the situations are made of.
import type { KubeObject } from './fixture.ts'

export const EVERY_POD: KubeObject = {}
export const POD_A = labels({ pod: 'a' })

export const DENY_INGRESS = ingress(EVERY_POD, [])
export const DENY_ALL: KubeObject = { podSelector: {}, policyTypes: ['Ingress', 'Egress'] }
export const ALLOW_INGRESS = ingress(EVERY_POD, [{}])

export function ingress(podSelector: KubeObject, rules: readonly KubeObject[]): KubeObject {
  return { podSelector, policyTypes: ['Ingress'], ingress: rules }
}

export function egress(podSelector: KubeObject, rules: readonly KubeObject[]): KubeObject {
  return { podSelector, policyTypes: ['Egress'], egress: rules }
}

export function labels(matchLabels: Readonly<Record<string, string>>): KubeObject {
  return { matchLabels }
}

export function expression(key: string, operator: string, ...values: readonly string[]): KubeObject {
  return { matchExpressions: [{ key, operator, values }] }
}

/** The namespace of this name, by the label that every namespace has. */
export function namespaceNamed(name: string): KubeObject {
  return labels({ 'kubernetes.io/metadata.name': name })
}

export function namespaceExpression(operator: string, ...names: readonly string[]): KubeObject {
  return expression('kubernetes.io/metadata.name', operator, ...names)
}

export function port(number: number | string, protocol = 'TCP'): KubeObject {
  return { port: number, protocol }
}
