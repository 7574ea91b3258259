// Scene 3: a pod gets another label while everything runs.
import colors from 'picocolors'
import { Prober } from '../../lab/prober.ts'
import { pairOf } from '../cast.ts'
import { type Edit, prepareEdit, readCluster, reverse } from '../manifests.ts'
import { type Attempt, attemptName, type Cell, flipped, measureMatrix } from '../matrix.ts'
import type { Stage } from '../stage.ts'
import { timeSwitch } from '../switch.ts'
import { complain, heading, milliseconds, say, verdictText } from '../text.ts'
import { complainOfCells } from './reach.ts'

/** The only job, shop/reports, becomes part of the backend: it gets the backend's rights, and loses those of a job. */
const RELABEL: Edit = { file: 'pods/shop.yaml', from: 'app: reports\n    tier: jobs', to: 'app: reports\n    tier: backend' }

/** There and back again, for a time that does not depend on luck; odd, so that the label ends as it was. */
const MORE_EDITS = 21

/** @param before the matrix until now. @returns how many things are not as they should be */
export async function showRelabelling(stage: Stage, before: readonly Cell[]): Promise<number> {
  heading(3, 'A label changes: shop/reports becomes part of the backend')
  say(`${colors.dim(`${stage.manifests}/${RELABEL.file}:`)} ${colors.dim('tier: jobs')} → ${colors.bold('tier: backend')}`)
  const watched: Attempt = { ...pairOf(stage.cast, 'shop/reports', 'data/postgres'), family: 4 }
  const prober = new Prober(stage.lab)
  try {
    const granted = timeSwitch(prober, watched, prepareEdit(stage.manifests, RELABEL))
    const after = await measureMatrix(stage.cast, await readCluster(stage.manifests), stage.node.name)
    const flips = flipped(before, after)
    for (const flip of flips.filter(({ family }) => family === 4)) sayFlip(flip)
    const more = Array.from({ length: MORE_EDITS }, (_, index) => (
      timeSwitch(prober, watched, prepareEdit(stage.manifests, index % 2 === 0 ? reverse(RELABEL) : RELABEL))
    ))
    say(`${colors.bold(milliseconds(granted))} from the new file to the first packet with the new verdict, `
      + `median of ${MORE_EDITS} more: ${colors.bold(milliseconds(median(more)))}.`)
    return complainOfCells(after) + complain(flips.length > 0 ? [] : ['no cell has changed'])
  } finally {
    prober.close()
  }
}

function sayFlip(flip: Cell): void {
  say(`${attemptName(flip).padEnd(36)} ${verdictText(!flip.open)} → ${verdictText(flip.open)}`)
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[sorted.length >> 1]!
}
