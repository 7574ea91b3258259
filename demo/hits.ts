// Hits per policy: what the kernel's counters say, beside what they must say after a matrix of connections.
import { getOrAdd } from '../src/base/collections.ts'
import { type PodKey, policyName, type PolicyKey } from '../src/cluster/objects.ts'
import { denyCounter, hitCounter } from '../src/compiler/counter-names.ts'
import { createBackend } from '../src/netlink/create-backend.ts'
import type { CounterName } from '../src/nftables/content.ts'
import type { Action, Direction } from '../src/policy/types.ts'
import type { DeniedBy, DirectionVerdict, RuleRef } from '../src/policy/verdict.ts'
import type { LabNode } from '../lab/node.ts'
import type { Cell } from './matrix.ts'

const DENIED_BY = { Admin: 'admin', Baseline: 'baseline' } as const

export type Counters = ReadonlyMap<CounterName, number>

/** A counter that a matrix has touched. */
export interface Tally {
  readonly counter: CounterName
  readonly direction: Direction
  /** Those that have a part in what it counts; none: it counts what a pod was denied. */
  readonly policies: readonly PolicyKey[]
  /** Their rules, as people read them; of NetworkPolicies none. */
  readonly rules: readonly string[]
  readonly denied: Denied | undefined
  /** Packets, by the evaluator. */
  expected: number
}

export interface Denied {
  readonly pod: PodKey
  readonly by: DeniedBy
}

export interface RuleHits {
  readonly rule: string
  readonly packets: number
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

/** What has been counted meanwhile. */
export function since(before: Counters, now: Counters): Counters {
  return new Map([...now].map(([name, packets]) => [name, packets - (before.get(name) ?? 0)]))
}

/** What the first packet of each connection counts for; one that egress denies never gets to ingress. */
export function talliesOf(cells: readonly Cell[]): Tally[] {
  const tallies = new Map<CounterName, Tally>()
  for (const cell of cells) {
    for (const direction of cell.verdict.egress.allowed ? ['egress', 'ingress'] as const : ['egress'] as const) {
      const pod = (direction === 'egress' ? cell.from : cell.to.actor).name as PodKey
      for (const tally of talliesOfVerdict(direction, pod, cell.verdict[direction])) getOrAdd(tallies, tally.counter, () => tally).expected++
    }
  }
  return [...tallies.values()]
}

/** The counter of the NetworkPolicies that allow it, one for each rule of a ClusterNetworkPolicy, and the pod's if it is denied. */
function talliesOfVerdict(direction: Direction, pod: PodKey, { allowed, allowedBy, passedBy, decidedBy }: DirectionVerdict): Tally[] {
  const policies = [...new Set(allowedBy.map(({ policy }) => policy))]
  const allowing = { counter: hitCounter(direction, policies.map((policy) => ({ key: policy, policy }))), direction, policies, rules: [], denied: undefined, expected: 0 }
  return [
    ...(policies.length > 0 ? [allowing] : []),
    ...passedBy.map((rule) => tallyOfRule(direction, rule, 'Pass')),
    ...(decidedBy === undefined ? [] : [tallyOfRule(direction, decidedBy, allowed ? 'Accept' : 'Deny')]),
    ...(allowed ? [] : [tallyOfDenial(direction, pod, decidedBy === undefined ? 'isolation' : DENIED_BY[decidedBy.tier])]),
  ]
}

function tallyOfRule(direction: Direction, { policy, rule }: RuleRef, action: Action): Tally {
  const hit = { key: `${policy}/${action.toLowerCase()}-${rule}`, policy }
  const rules = [`${policyName(policy)} ${direction}[${rule}] ${action}`]
  return { counter: hitCounter(direction, [hit]), direction, policies: [policy], rules, denied: undefined, expected: 0 }
}

function tallyOfDenial(direction: Direction, pod: PodKey, by: DeniedBy): Tally {
  return { counter: denyCounter(direction, pod, by), direction, policies: [], rules: [], denied: { pod, by }, expected: 0 }
}

/** Of ClusterNetworkPolicies. Most hits first. */
export function hitsByRule(tallies: readonly Tally[], counters: Counters): RuleHits[] {
  const hits = new Map<string, number>()
  for (const { counter, rules } of tallies) for (const rule of rules) hits.set(rule, (hits.get(rule) ?? 0) + (counters.get(counter) ?? 0))
  return [...hits].map(([rule, packets]) => ({ rule, packets })).sort((a, b) => b.packets - a.packets || (a.rule < b.rule ? -1 : 1))
}

/** Packets by pod, both directions together, and by what denied them. */
export function denialsByPod(tallies: readonly Tally[], counters: Counters): ReadonlyMap<PodKey, Record<DeniedBy, number>> {
  const denials = new Map<PodKey, Record<DeniedBy, number>>()
  for (const { counter, denied } of tallies) {
    if (denied !== undefined) getOrAdd(denials, denied.pod, () => ({ isolation: 0, admin: 0, baseline: 0 }))[denied.by] += counters.get(counter) ?? 0
  }
  return denials
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
