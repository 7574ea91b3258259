// What happens in a large cluster: a round of changes, after which everything is as it was, so that rounds can follow each other.
import { namespaceObject, podObject, type PodState, policyObject, type ScaleWorld } from './objects.ts'

export type ResourceName = 'pods' | 'namespaces' | 'networkpolicies'

export interface ScaleEvent {
  readonly resource: ResourceName
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly object: object
}

/** Events of one object, in their order. */
type Story = readonly ScaleEvent[]

/** Of 6,000 changes: 60% say nothing about packets, as most do; 20% are pods that come and go. */
export const CHURN = { unready: 1800, lives: 240, relabelled: 300, localRelabelled: 50, localReplaced: 50, policies: 120, namespaces: 20 } as const

/** A round in random order, the same at every run. @param random uniform in [0, 1) */
export function churnRound(world: ScaleWorld, random: () => number): ScaleEvent[] {
  const stories = storiesOf(world)
  const turns = shuffled(stories.flatMap((story, index) => story.map(() => index)), random)
  const told = new Map<number, number>()
  return turns.map((index) => {
    const at = told.get(index) ?? 0
    told.set(index, at + 1)
    return stories[index]![at]!
  })
}

function storiesOf(world: ScaleWorld): Story[] {
  const { local, pods, policies, namespaces } = world
  const firstOther = local.length
  const firstRelabelled = firstOther + CHURN.unready
  return [
    ...many(CHURN.unready, firstOther, (index) => states(world, index, { ready: false }, {})),
    ...many(CHURN.relabelled, firstRelabelled, (index) => states(world, index, { app: (index % 9) + 1 }, {})),
    ...many(CHURN.lives, pods, (index) => life(world, index)),
    ...many(Math.min(CHURN.localRelabelled, local.length / 2), 0, (index) => states(world, index, { app: 9 }, {})),
    ...many(Math.min(CHURN.localReplaced, local.length / 2), local.length / 2, (index) => replacement(world, index)),
    ...many(CHURN.policies, policies, (index) => policyLife(world, index)),
    ...many(CHURN.namespaces, namespaces / 2, (index): Story => [
      { resource: 'namespaces', type: 'MODIFIED', object: namespaceObject(index, 3) },
      { resource: 'namespaces', type: 'MODIFIED', object: namespaceObject(index) },
    ]),
  ]
}

function states(world: ScaleWorld, index: number, ...all: readonly PodState[]): Story {
  return all.map((state) => ({ resource: 'pods', type: 'MODIFIED', object: podObject(world, index, state) }))
}

/** As the API server tells of a pod from its making to its end. */
function life(world: ScaleWorld, index: number): Story {
  return [
    { resource: 'pods', type: 'ADDED', object: podObject(world, index, { stage: 'pending' }) },
    ...states(world, index, { stage: 'scheduled' }, { stage: 'running' }, { stage: 'ending' }),
    { resource: 'pods', type: 'DELETED', object: podObject(world, index, { stage: 'ending' }) },
  ]
}

function replacement(world: ScaleWorld, index: number): Story {
  return [
    { resource: 'pods', type: 'DELETED', object: podObject(world, index) },
    { resource: 'pods', type: 'ADDED', object: podObject(world, index) },
  ]
}

/** Every second one selects pods of this node. */
function policyLife(world: ScaleWorld, index: number): Story {
  return [
    { resource: 'networkpolicies', type: 'ADDED', object: policyObject(world, index) },
    { resource: 'networkpolicies', type: 'MODIFIED', object: policyObject(world, index, index >> 1 ^ 1) },
    { resource: 'networkpolicies', type: 'DELETED', object: policyObject(world, index) },
  ]
}

function many(count: number, first: number, make: (index: number) => Story): Story[] {
  return Array.from({ length: count }, (_, offset) => make(first + offset))
}

/** Fisher and Yates. */
function shuffled<T>(values: readonly T[], random: () => number): T[] {
  const result = [...values]
  for (let last = result.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1))
    ;[result[last], result[other]] = [result[other]!, result[last]!]
  }
  return result
}
