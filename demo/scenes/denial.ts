// Scene 5: one connection that is denied, and why.
import colors from 'picocolors'
import type { PodKey } from '../../src/cluster/objects.ts'
import { denyCounter } from '../../src/compiler/counters.ts'
import { prepareEvaluator } from '../../src/policy/evaluator.ts'
import type { Direction } from '../../src/policy/types.ts'
import type { DirectionVerdict } from '../../src/policy/verdict.ts'
import { readCounters } from '../hits.ts'
import { type Attempt, attemptName, flowOf, isOpen } from '../matrix.ts'
import type { Stage } from '../stage.ts'
import { complain, heading, say, verdictText } from '../text.ts'

/** @returns how many things are not as they should be */
export async function showDenial(stage: Stage): Promise<number> {
  const attempt = deniedAttempt(stage)
  heading(5, `Why not? ${attemptName(attempt)}`)
  const counter = denyCounter('egress', attempt.from.name as PodKey)
  const before = (await readCounters(stage.node)).get(counter) ?? 0
  const open = await isOpen(attempt)
  const after = (await readCounters(stage.node)).get(counter) ?? 0
  const { egress, ingress } = prepareEvaluator(stage.cluster, stage.node.name)(flowOf(attempt))
  sayDirection('egress', attempt.from.name, egress)
  sayDirection('ingress', attempt.to.actor.name, ingress)
  say('No rule of these policies allows it. It was dropped where it left its pod, and counted there:')
  say(`${colors.bold(counter)} ${before} → ${after} packets.`)
  return complain([
    ...(open ? ['the connection was answered'] : []),
    ...(after === before + 1 ? [] : ['it must have counted one packet']),
  ])
}

/** The front end, as if it were taken over, tries the database. */
function deniedAttempt({ cast: { clients, services } }: Stage): Attempt {
  const from = clients.find(({ name }) => name === 'shop/web')
  const to = services.find(({ actor }) => actor.name === 'data/postgres')
  if (from === undefined || to === undefined) throw new Error('the manifests have no shop/web or no data/postgres')
  return { from, to, family: 4 }
}

function sayDirection(direction: Direction, pod: string, { allowed, isolatedBy }: DirectionVerdict): void {
  const names = isolatedBy.map((policy) => policy.slice(policy.indexOf('/') + 1)).join(', ')
  say(`${direction.padEnd(7)} of ${pod.padEnd(13)}  ${verdictText(allowed)}  isolated by ${names}`)
}
