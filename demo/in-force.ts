// Waits until the agent has put into the kernel what its folder says.
import { until } from '../lab/patience.ts'
import { Compiler } from '../src/compiler/compiler.ts'
import { isPast } from '../src/compiler/counter-names.ts'
import { OWN_COUNTERS } from '../src/nftables/program.ts'
import { readCounters } from './hits.ts'
import { type Cluster, readCluster } from './manifests.ts'
import type { Stage } from './stage.ts'

/** Counters that no policy brings or takes along. */
const OWN = Object.values(OWN_COUNTERS).flat()

/**
 * Resolves when the kernel has the counters of the folder's policies and no others: a counter comes and goes in the transaction that
 * changes the rules which count in it.
 * @returns what the folder says
 */
export async function untilInForce({ manifests, node }: Stage): Promise<Cluster> {
  const cluster = await readCluster(manifests)
  const compiler = new Compiler(node.name)
  compiler.load(cluster.changes)
  const wanted = compiler.content.counters
  await until(async () => {
    const names = [...(await readCounters(node)).keys()].filter((name) => !isPast(name) && !OWN.includes(name))
    return names.length === wanted.size && names.every((name) => wanted.has(name))
  }, 'the manifests to be in force')
  return cluster
}
