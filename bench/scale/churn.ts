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

/** How many of 6,000 changes are to pods of the measured node, of which its share would be four. */
export const LOCAL_CHANGES = { some: 40, many: 200 } as const

export type Churn = keyof typeof LOCAL_CHANGES

/** Stories of 6,000 changes: about 60% of these say nothing about packets, as most do; 20% are pods that come and go. */
const STORIES = { quiet: 1900, lives: 240, relabelled: 300, policies: 120, namespaces: 20 } as const

/** A round in random order, the same at every run. @param random uniform in [0, 1) */
export function churnRound(world: ScaleWorld, churn: Churn, random: () => number): ScaleEvent[] {
  const stories = storiesOf(world, LOCAL_CHANGES[churn] / 2)
  const turns = shuffled(stories.flatMap((story, index) => story.map(() => index)), random)
  const told = new Map<number, number>()
  return turns.map((index) => {
    const at = told.get(index) ?? 0
    told.set(index, at + 1)
    return stories[index]![at]!
  })
}

/** @param locals stories of pods of the node: one half are relabelled, the others replaced */
function storiesOf(world: ScaleWorld, locals: number): Story[] {
  const { local, pods, policies, namespaces } = world
  const firstOther = local.length
  const firstRelabelled = firstOther + STORIES.quiet
  const half = Math.min(locals, local.length) / 2
  return [
    ...many(STORIES.quiet - locals, firstOther, (index) => states(world, index, { ready: false }, {})),
    ...many(STORIES.relabelled, firstRelabelled, (index) => states(world, index, { app: (index % 9) + 1 }, {})),
    ...many(STORIES.lives, pods, (index) => life(world, index)),
    ...many(half, 0, (index) => states(world, index, { app: 9 }, {})),
    ...many(half, local.length / 2, (index) => replacement(world, index)),
    ...many(STORIES.policies, policies, (index) => policyLife(world, index)),
    ...many(STORIES.namespaces, namespaces / 2, (index): Story => [
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
