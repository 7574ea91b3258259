// Scene 4: which policies the connections of scene 2 were allowed by, from the kernel's counters.
import colors from 'picocolors'
import { deniedPackets, hitsByPolicy, type PolicyHits, talliesOf, wrongCounters } from '../hits.ts'
import { plainTable } from '../matrix-table.ts'
import { complain, count, heading, say } from '../text.ts'
import type { Enforced } from './reach.ts'

/** @returns how many counters are not as they should be */
export function showHits({ cells, counters }: Enforced): number {
  heading(4, 'Hits per policy: the connections of 2 in the kernel\'s counters')
  const tallies = talliesOf(cells)
  const hits = hitsByPolicy(tallies, counters)
  const half = Math.ceil(hits.length / 2)
  const table = plainTable()
  for (let row = 0; row < half; row++) table.push([...hitCells(hits[row]), '  ', ...hitCells(hits[half + row])])
  say(table.toString())
  const wrong = wrongCounters(tallies, counters)
  const judgement = wrong.length === 0 ? `All ${count(tallies.length, 'counter')} as the policies say.` : ''
  say(`${count(deniedPackets(tallies, counters), 'packet')} denied, counted for each pod. ${judgement}`)
  return complain(wrong)
}

function hitCells(hits: PolicyHits | undefined): string[] {
  return hits === undefined ? ['', ''] : [colors.bold(String(hits.packets).padStart(4)), hits.policy]
}
