// Who reaches whom: real connections from every client to every service over both families, all at once, beside what the
// reference evaluator says of each.
import type { Family } from '../src/cluster/address.ts'
import { prepareEvaluator } from '../src/policy/evaluator.ts'
import type { Flow, Verdict } from '../src/policy/verdict.ts'
import { connect, exchange } from '../lab/client.ts'
import { addressOf } from '../lab/host.ts'
import { type Actor, type Cast, isOutside, type Service, serviceName } from './cast.ts'
import type { Cluster } from './manifests.ts'

export interface Attempt {
  readonly from: Actor
  readonly to: Service
  readonly family: Family
}

export interface Cell extends Attempt {
  /** An answer came. */
  readonly open: boolean
  readonly verdict: Verdict
}

/** Less than a second: then a client sends its first packet once more, and it would be counted twice. */
const CONNECT_MS = 600

/** @param cluster what the evaluator judges by; without policies everything is allowed */
export async function measureMatrix({ clients, services }: Cast, cluster: Cluster, node: string): Promise<Cell[]> {
  const pairs = clients.flatMap((from) => services.filter(({ actor }) => isOfInterest(from, actor)).map((to) => ({ from, to })))
  const attempts = pairs.flatMap((pair) => ([4, 6] as const).map((family): Attempt => ({ ...pair, family })))
  const evaluate = prepareEvaluator(cluster, node)
  return await Promise.all(attempts.map(async (attempt) => ({ ...attempt, open: await isOpen(attempt), verdict: evaluate(flowOf(attempt)) })))
}

/** Not a pod and itself, nor what passes by the node. */
function isOfInterest(from: Actor, to: Actor): boolean {
  return from !== to && !(isOutside(from) && isOutside(to))
}

export async function isOpen({ from, to, family }: Attempt): Promise<boolean> {
  const tryOut = to.protocol === 'UDP' ? exchange : connect
  return await tryOut(from.host.namespace, addressOf(to.actor.host, family), to.port, AbortSignal.timeout(CONNECT_MS)) === 'open'
}

export function flowOf({ from, to, family }: Attempt): Flow {
  const [source, destination] = [addressOf(from.host, family), addressOf(to.actor.host, family)]
  return { source, destination, protocol: to.protocol, port: to.port }
}

export function isWrong({ open, verdict }: Cell): boolean {
  return open !== verdict.allowed
}

/** Cells that are another way in the second matrix of the same attempts, as they are there. */
export function flipped(before: readonly Cell[], after: readonly Cell[]): Cell[] {
  return after.filter((cell, index) => cell.open !== before[index]?.open)
}

export function attemptName({ from, to }: Attempt): string {
  return `${from.name} → ${serviceName(to)}`
}
