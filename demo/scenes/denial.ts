// Scene 5: one connection that is denied, and why.
import colors from 'picocolors'
import type { PodKey } from '../../src/cluster/objects.ts'
import { denyCounter } from '../../src/compiler/counter-names.ts'
import { prepareEvaluator } from '../../src/policy/evaluator.ts'
import type { Direction } from '../../src/policy/types.ts'
import type { DirectionVerdict } from '../../src/policy/verdict.ts'
import { pairOf } from '../cast.ts'
import { readCounters } from '../hits.ts'
import { type Attempt, attemptName, flowOf, isOpen } from '../matrix.ts'
import type { Stage } from '../stage.ts'
import { complain, heading, say, verdictText } from '../text.ts'

/** The front end, as if it were taken over, tries the database. @returns how many things are not as they should be */
export async function showDenial(stage: Stage): Promise<number> {
  const attempt: Attempt = { ...pairOf(stage.cast, 'shop/web', 'data/postgres'), family: 4 }
  heading(5, `Why not? ${attemptName(attempt)}`)
  const counter = denyCounter('egress', attempt.from.name as PodKey)
  const before = (await readCounters(stage.node)).get(counter) ?? 0
  const open = await isOpen(attempt)
  const after = (await readCounters(stage.node)).get(counter) ?? 0
  const { egress, ingress } = prepareEvaluator(stage.cluster, stage.node.name)(flowOf(attempt))
  sayDirection('egress', attempt.from.name, egress)
  sayDirection('ingress', attempt.to.actor.name, ingress)
  say(`The packet was dropped as it left its pod: counter ${colors.bold(counter)} went from ${before} to ${after}.`)
  return complain([
    ...(open ? ['the connection was answered'] : []),
    ...(after > before ? [] : ['it must have counted the packet']),
  ])
}

function sayDirection(direction: Direction, pod: string, { allowed, isolatedBy }: DirectionVerdict): void {
  const names = isolatedBy.map((policy) => policy.slice(policy.indexOf('/') + 1)).join(', ')
  say(`${direction} of ${pod}: ${verdictText(allowed)}`)
  say(`  isolated by ${names}; no rule allows it`)
}
