// What a situation is: steps that change the cluster, and after each what must be reachable. Judged by the evaluator and by packets.
import type { Protocol } from '../../src/cluster/objects.ts'
import { type End, type KubeObject, type Place, type PodName, fixtureObjects, nameOf, namespaceOf } from './fixture.ts'

/** Whether `from` must reach `to`. Pods with themselves are not judged. */
export type Expect = (from: End, to: End) => boolean

export interface Check {
  readonly protocol: Protocol | 'ICMP'
  /** 0 for ICMP. */
  readonly port: number
  readonly expect: Expect
}

export interface Step {
  /** Objects that are now so: new ones, or other content of known ones. */
  readonly apply: readonly KubeObject[]
  /** Objects that are deleted, before the others are so. */
  readonly remove?: readonly KubeObject[]
  /** Fields of all objects that cannot be read, after the step. */
  readonly problems?: readonly string[]
  readonly checks: readonly Check[]
}

/** What happens, one step after the other. */
export interface Story<P extends Place = Place> {
  readonly name: string
  readonly steps: (place: P) => readonly Step[]
}

export interface Situation extends Story {
  /** As numbered in the overview of the upstream suite: 1-42 TCP, 43-45 UDP, 46-48 SCTP. */
  readonly number: number
}

/** The cluster at one moment of a situation. */
export interface Moment {
  readonly objects: readonly KubeObject[]
  readonly problems: readonly string[]
  readonly checks: readonly Check[]
}

/** The cluster after each step, as the complete list of objects. */
export function momentsOf<P extends Place>(story: Story<P>, place: P): Moment[] {
  const objects = new Map(fixtureObjects(place).map((object) => [keyOf(object), object]))
  return story.steps(place).map(({ apply, remove = [], problems = [], checks }) => {
    for (const object of remove) objects.delete(keyOf(object))
    for (const object of apply) objects.set(keyOf(object), object)
    return { objects: [...objects.values()], problems, checks }
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
export function into(target: PodName | 'x', may: (from: End) => boolean): Expect {
  return (from, to) => !isIn(to, target) || may(from)
}

export function outOf(source: PodName | 'x', may: (to: End) => boolean): Expect {
  return (from, to) => !isIn(from, source) || may(to)
}

export function both(first: Expect, second: Expect): Expect {
  return (from, to) => first(from, to) && second(from, to)
}

export function oneOf(...ends: readonly End[]): (end: End) => boolean {
  return (end) => ends.includes(end)
}

export function inNamespace(...names: readonly string[]): (end: End) => boolean {
  return (end) => isPod(end) && names.includes(namespaceOf(end))
}

export function named(...names: readonly string[]): (end: End) => boolean {
  return (end) => isPod(end) && names.includes(nameOf(end))
}

export function nobody(): boolean {
  return false
}

export function isPod(end: End): end is PodName {
  return end.includes('/')
}

function isIn(end: End, target: PodName | 'x'): boolean {
  return end === target || (isPod(end) && namespaceOf(end) === target)
}
