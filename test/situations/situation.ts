// What a situation is: steps that change the cluster, and after each what must be reachable. Judged by the evaluator and by packets.
import type { Protocol } from '../../src/cluster/objects.ts'
import { type KubeObject, type Place, type PodName, fixtureObjects, nameOf, namespaceOf } from './fixture.ts'

/** Whether `from` must reach `to`. Pods with themselves are not judged. */
export type Expect = (from: PodName, to: PodName) => boolean

export interface Check {
  readonly protocol: Protocol
  readonly port: number
  readonly expect: Expect
}

export interface Step {
  /** Objects that are now so: new ones, or other content of known ones. */
  readonly apply: readonly KubeObject[]
  /** Names of the policies of namespace x that are deleted. */
  readonly remove?: readonly string[]
  readonly checks: readonly Check[]
}

export interface Situation {
  /** As numbered in the overview of the upstream suite: 1-42 TCP, 43-45 UDP, 46-48 SCTP. */
  readonly number: number
  readonly name: string
  readonly steps: (place: Place) => readonly Step[]
}

/** The cluster at one moment of a situation. */
export interface Moment {
  readonly objects: readonly KubeObject[]
  readonly checks: readonly Check[]
}

/** The cluster after each step, as the complete list of objects. */
export function momentsOf(situation: Situation, place: Place): Moment[] {
  const objects = new Map(fixtureObjects(place).map((object) => [keyOf(object), object]))
  return situation.steps(place).map(({ apply, remove = [], checks }) => {
    for (const object of apply) objects.set(keyOf(object), object)
    for (const name of remove) objects.delete(`NetworkPolicy x/${name}`)
    return { objects: [...objects.values()], checks }
  })
}

function keyOf(object: KubeObject): string {
  const { namespace, name } = object['metadata'] as { namespace?: string; name: string }
  return `${object['kind'] as string} ${namespace ?? ''}/${name}`
}

export function tcp(port: number, expect: Expect): Check {
  return { protocol: 'TCP', port, expect }
}

export const ALL: Expect = () => true

/** Pods to which `may` applies; everything else is open. */
export function into(target: PodName | 'x', may: (from: PodName) => boolean): Expect {
  return (from, to) => !isIn(to, target) || may(from)
}

export function outOf(source: PodName | 'x', may: (to: PodName) => boolean): Expect {
  return (from, to) => !isIn(from, source) || may(to)
}

export function both(first: Expect, second: Expect): Expect {
  return (from, to) => first(from, to) && second(from, to)
}

export function oneOf(...pods: readonly PodName[]): (pod: PodName) => boolean {
  return (pod) => pods.includes(pod)
}

export function inNamespace(...names: readonly string[]): (pod: PodName) => boolean {
  return (pod) => names.includes(namespaceOf(pod))
}

export function named(...names: readonly string[]): (pod: PodName) => boolean {
  return (pod) => names.includes(nameOf(pod))
}

export function nobody(): boolean {
  return false
}

function isIn(pod: PodName, target: PodName | 'x'): boolean {
  return pod === target || namespaceOf(pod) === target
}
