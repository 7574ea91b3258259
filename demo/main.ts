// The demo: a node with ten pods on this machine, the manifests of examples/, and the real agent. `--keep` leaves it standing.
import process from 'node:process'
import { parseArgs } from 'node:util'
import colors from 'picocolors'
import { showClusterPolicies } from './scenes/cluster-policies.ts'
import { showDenial } from './scenes/denial.ts'
import { showHits } from './scenes/hits.ts'
import { introduce } from './scenes/introduction.ts'
import { sayHowToPlay } from './scenes/keep.ts'
import { showBefore, showEnforced } from './scenes/reach.ts'
import { showRelabelling } from './scenes/relabel.ts'
import { Stage } from './stage.ts'
import { count, say } from './text.ts'

const HELP = `Usage: npm run demo [-- --keep]

Builds a node with ten pods as network namespaces, enforces examples/ on them, and shows what changes. Needs root.

  --keep  leave everything up to play with, and say how
  --help  this text
`

async function main(keep: boolean): Promise<number> {
  const startedAt = performance.now()
  const stage = await Stage.create(keep)
  try {
    const faults = await play(stage)
    if (keep) sayHowToPlay(stage, stage.keep())
    else await stage.close()
    say(conclusion(faults, performance.now() - startedAt))
    return faults === 0 ? 0 : 1
  } catch (error) {
    await stage.close()
    throw error
  }
}

/** @returns how many things were not as they should be */
async function play(stage: Stage): Promise<number> {
  introduce(stage)
  const faultsBefore = await showBefore(stage)
  const enforced = await showEnforced(stage)
  const faultsOfRelabelling = await showRelabelling(stage, enforced.cells)
  const faultsOfHits = showHits(enforced)
  const faultsOfDenial = await showDenial(stage)
  const faultsOfClusterPolicies = await showClusterPolicies(stage)
  return faultsBefore + enforced.faults + faultsOfRelabelling + faultsOfHits + faultsOfDenial + faultsOfClusterPolicies
}

function conclusion(faults: number, durationMs: number): string {
  const seconds = `${(durationMs / 1000).toFixed(1)} s`
  if (faults > 0) return colors.red(colors.bold(`\n✗ ${count(faults, 'thing')} not as it must be (${seconds}).`))
  return `\n${colors.green('✓')} Everything as the policies say, in ${seconds}.`
}

const { values } = parseArgs({ options: { keep: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } } })
if (values.help) process.stdout.write(HELP)
else if (process.getuid?.() !== 0) {
  process.stderr.write('The demo makes network namespaces: run it as root.\n')
  process.exitCode = 1
} else process.exitCode = await main(values.keep)
