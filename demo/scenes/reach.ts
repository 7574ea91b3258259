// Scenes 1 and 2: who reaches whom before the agent runs, and while it does.
import colors from 'picocolors'
import { renderMatrix } from '../matrix-table.ts'
import { attemptName, type Cell, isWrong, measureMatrix } from '../matrix.ts'
import { type Counters, readCounters } from '../hits.ts'
import type { Stage } from '../stage.ts'
import { complain, count, heading, milliseconds, say } from '../text.ts'

/** What to look for in the matrix; the policies say it in their comments. */
const REMARKS = `The blocked address is in the except of an ipBlock; a policy's port http is 8081 on the canary;
prometheus gets to the exporters by a range, 9100 to 9199; only the API talks to the bank.`

export interface Enforced {
  readonly faults: number
  readonly cells: readonly Cell[]
  /** What the kernel had counted right after these connections. */
  readonly counters: Counters
}

/** @returns how many cells are not as they should be */
export async function showBefore({ cast, cluster, node }: Stage): Promise<number> {
  heading(1, 'Before: nobody enforces anything, so everybody reaches everybody')
  const cells = await measureMatrix(cast, { ...cluster, policies: [] }, node.name)
  say(renderMatrix(cast, cells))
  return complainOfCells(cells)
}

export async function showEnforced(stage: Stage): Promise<Enforced> {
  const { cast, cluster, node } = stage
  heading(2, `vethguard runs: the ${count(cluster.policies.length, 'NetworkPolicy')} of examples/ are in force`)
  say(colors.dim(`$ vethguard agent --source ${stage.manifests} --node-name ${node.name}`))
  const startedMs = await stage.startAgent()
  const cells = await measureMatrix(cast, cluster, node.name)
  const counters = await readCounters(node)
  say(renderMatrix(cast, cells))
  const faults = complainOfCells(cells)
  say(`In force ${milliseconds(startedMs)} after the start. ${summary(cells)}`)
  say(colors.dim(REMARKS))
  return { faults, cells, counters }
}

export function complainOfCells(cells: readonly Cell[]): number {
  return complain(cells.filter(isWrong).map((cell) => {
    const [is, must] = cell.open ? ['open', 'denied'] : ['closed', 'allowed']
    return `${attemptName(cell)} over IPv${cell.family} is ${is}, but must be ${must}`
  }))
}

function summary(cells: readonly Cell[]): string {
  const open = cells.filter((cell) => cell.open).length
  const right = cells.some(isWrong) ? colors.red('not all as the policies say') : 'all as the policies say'
  return `${count(cells.length, 'connection')}: ${open} answered, ${cells.length - open} dropped, ${right}.`
}
