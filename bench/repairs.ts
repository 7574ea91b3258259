// How long the agent takes to repair what another process has changed in its tables, from the end of nft to the kernel's confirmation.
// The tables have no owner, as on kernels before 6.9; owned ones cannot be changed.
import { setTimeout as sleep } from 'node:timers/promises'
import pino from 'pino'
import { formatAddress } from '../src/cluster/address.ts'
import { Agent } from '../src/agent/agent.ts'
import { createBackend } from '../src/netlink/create-backend.ts'
import { createNamespaces, deleteNamespaces, exec, namespacePrefix, onProcessEnd } from '../lab/namespace.ts'
import { until } from '../lab/patience.ts'
import { MemorySource } from './memory-source.ts'
import { summarize, type Summary } from './statistics.ts'
import { changesOf, NODE, podOf, type WorldSize } from './world.ts'

const SIZES: readonly WorldSize[] = [{ pods: 100, policies: 10, localPods: 10 }, { pods: 100_000, policies: 1_000, localPods: 100 }]
const RUNS = Number(process.env['BENCH_RUNS'] ?? 20)
/** The agent looks at its tables twice a second: changes are to come at any time between two looks. */
const LONGEST_PAUSE_MS = 500

/** nft commands, on the address of a pod of this node. */
const CHANGES: Readonly<Record<string, (address: string) => string>> = {
  'an element deleted': (address) => `delete element inet vethguard in_judged4 { ${address} }`,
  'a rule added': () => 'insert rule inet vethguard forward accept',
  'all tables deleted': () => 'flush ruleset',
}

export interface RepairResult {
  readonly size: WorldSize
  readonly ms: Readonly<Record<string, Summary>>
}

export async function measureRepairs(): Promise<RepairResult[]> {
  const results: RepairResult[] = []
  for (const size of SIZES) results.push(await measureWorld(size))
  return results
}

async function measureWorld(size: WorldSize): Promise<RepairResult> {
  const namespace = `${namespacePrefix()}-repairs`
  const remove = (): void => deleteNamespaces([namespace])
  const forget = onProcessEnd(remove)
  createNamespaces([namespace])
  const repairs: string[] = []
  const agent = new Agent({
    nodeName: NODE,
    spoofGuard: true,
    tunnels: [],
    source: new MemorySource(changesOf(size)),
    backend: createBackend({ kind: 'netlink', namespace: `/run/netns/${namespace}`, own: false }),
    veths: () => ({ start: () => undefined, veths: () => [], tunnels: () => [], refresh: () => undefined, close: () => Promise.resolve() }),
    log: pino({ level: 'silent' }),
    observer: { repaired: (reason) => repairs.push(reason) },
  })
  try {
    await agent.start()
    const [address] = podOf(size, 0).addresses
    const ms: Record<string, Summary> = {}
    for (const [name, command] of Object.entries(CHANGES)) {
      ms[name] = await measureChange(namespace, command(formatAddress(address!)), repairs)
    }
    return { size, ms }
  } finally {
    await agent.close()
    forget()
    remove()
  }
}

async function measureChange(namespace: string, command: string, repairs: string[]): Promise<Summary> {
  const times: number[] = []
  for (let run = 0; run < RUNS; run++) {
    await sleep(LONGEST_PAUSE_MS * Math.random())
    repairs.length = 0
    exec(namespace, ['nft', command])
    const startedAt = performance.now()
    await until(() => repairs.length > 0)
    times.push(performance.now() - startedAt)
  }
  return summarize(times, 0)
}
