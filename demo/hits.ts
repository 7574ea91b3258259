// Hits per policy: what the kernel's counters say, beside what they must say after a matrix of connections.
import { getOrAdd } from '../src/base/collections.ts'
import type { PodKey, PolicyKey } from '../src/cluster/objects.ts'
import { denyCounter, hitCounter } from '../src/compiler/counter-names.ts'
import { createBackend } from '../src/netlink/create-backend.ts'
import type { CounterName } from '../src/nftables/content.ts'
import type { Direction } from '../src/policy/types.ts'
import type { LabNode } from '../lab/node.ts'
import type { Cell } from './matrix.ts'

export type Counters = ReadonlyMap<CounterName, number>

/** A counter that a matrix has touched. */
export interface Tally {
  readonly counter: CounterName
  readonly direction: Direction
  /** Those that allow what it counts; none: it counts what was denied. */
  readonly policies: readonly PolicyKey[]
  /** Packets, by the evaluator. */
  expected: number
}

export interface PolicyHits {
  readonly policy: PolicyKey
  readonly packets: number
}

/** Packets by counter, of the node's table. */
export async function readCounters(node: LabNode): Promise<Counters> {
  const backend = createBackend({ kind: 'netlink', namespace: `/run/netns/${node.namespace}`, own: false })
  try {
    const counters = await backend.reader.counters()
    return new Map([...counters].map(([name, { packets }]) => [name, packets]))
  } finally {
    backend.close()
  }
}

/** What the first packet of each connection counts for; one that egress denies never gets to ingress. */
export function talliesOf(cells: readonly Cell[]): Tally[] {
  const tallies = new Map<CounterName, Tally>()
  for (const cell of cells) {
    for (const direction of cell.verdict.egress.allowed ? ['egress', 'ingress'] as const : ['egress'] as const) {
      const { reason, allowedBy } = cell.verdict[direction]
      const policies = [...new Set(allowedBy.map(({ policy }) => policy))]
      const pod = (direction === 'egress' ? cell.from : cell.to.actor).name as PodKey
      if (reason !== 'allowed' && reason !== 'denied') continue
      const counter = policies.length > 0 ? hitCounter(direction, policies.map((policy) => ({ key: policy, policy }))) : denyCounter(direction, pod)
      getOrAdd(tallies, counter, () => ({ counter, direction, policies, expected: 0 })).expected++
    }
  }
  return [...tallies.values()]
}

/** Every policy gets each packet that it allows, also those that others allow as well. Most hits first. */
export function hitsByPolicy(tallies: readonly Tally[], counters: Counters): PolicyHits[] {
  const hits = new Map<PolicyKey, number>()
  for (const { counter, policies } of tallies) {
    for (const policy of policies) hits.set(policy, getOrAdd(hits, policy, () => 0) + (counters.get(counter) ?? 0))
  }
  return [...hits].map(([policy, packets]) => ({ policy, packets })).sort((a, b) => b.packets - a.packets)
}

export function deniedPackets(tallies: readonly Tally[], counters: Counters): number {
  return tallies.filter(({ policies }) => policies.length === 0).reduce((sum, { counter }) => sum + (counters.get(counter) ?? 0), 0)
}

/** Counters that say less than they must. More they may say: on a busy machine a first packet that got no answer is sent again. */
export function wrongCounters(tallies: readonly Tally[], counters: Counters): string[] {
  const wrong = tallies.filter(({ counter, expected }) => (counters.get(counter) ?? 0) < expected)
  return wrong.map(({ counter, expected }) => `counter ${counter} has ${counters.get(counter) ?? 'nothing'}, must have ${expected}`)
}
