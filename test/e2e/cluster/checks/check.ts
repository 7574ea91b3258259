// What a check of a whole cluster is, and how checks are run: one after the other, each in a Kubernetes namespace of its own.
import type { Agents } from '../agents.ts'
import type { Cluster } from '../cluster.ts'
import { Playground } from '../playground.ts'
import { placeOf, type Place } from '../reach.ts'
import { Unexpected } from '../unexpected.ts'
import type { CaseResult } from '../../case-result.ts'

export interface World {
  readonly cluster: Cluster
  readonly playground: Playground
  /** With pods: there are at least two. */
  readonly nodes: readonly [Place, Place, ...Place[]]
  /** A machine beside the nodes that has no pods. */
  readonly outside: Place
  /** Says something that was measured. */
  readonly say: (line: string) => void
}

export interface Check {
  readonly name: string
  /** Without an agent it fails. What needs none is there because an agent that drops too much breaks it. */
  readonly needsAgent: boolean
  readonly run: (world: World) => Promise<void>
}

export interface RunOptions {
  readonly cluster: Cluster
  /** Undefined: no agent runs, and the checks that need one have to fail. */
  readonly agents?: Agents | undefined
  /** Called before anything of a failed check is removed. */
  readonly onFailure: (check: string) => Promise<void>
  /** Told of each result as it comes. */
  readonly report: (result: CaseResult) => void
}

export async function runChecks(checks: readonly Check[], options: RunOptions): Promise<CaseResult[]> {
  const results: CaseResult[] = []
  for (const [index, check] of checks.entries()) {
    const result = await runCheck(check, `check-${index}`, options)
    options.report(result)
    results.push(result)
  }
  return results
}

async function runCheck(check: Check, namespace: string, { cluster, agents, onFailure }: RunOptions): Promise<CaseResult> {
  const start = performance.now()
  const mustFail = check.needsAgent && agents === undefined
  const playground = await Playground.create(cluster, namespace)
  let error: unknown
  try {
    await check.run(worldOf(cluster, playground, check.name))
    await agents?.assertHealthy()
  } catch (thrown) {
    error = thrown
    if (!mustFail) await onFailure(check.name)
  } finally {
    await playground.close()
  }
  const seconds = (performance.now() - start) / 1000
  if (!mustFail) return { name: check.name, passed: error === undefined, seconds, failure: textOf(error) }
  const passed = error instanceof Unexpected
  const failure = error === undefined ? 'it holds without an agent, so it shows nothing' : textOf(error)
  return { name: `${check.name} (fails without an agent)`, passed, seconds, failure: passed ? '' : failure }
}

/** Where an error comes from is worth knowing only if it is not what the check looks for. */
function textOf(error: unknown): string {
  if (error === undefined || error instanceof Unexpected) return error?.message ?? ''
  return error instanceof Error ? error.stack ?? error.message : JSON.stringify(error)
}

function worldOf(cluster: Cluster, playground: Playground, name: string): World {
  const [first, second, ...others] = cluster.nodes.map(placeOf)
  if (first === undefined || second === undefined) throw new Error('checks need two nodes')
  return {
    cluster, playground, nodes: [first, second, ...others], outside: placeOf(cluster.controlNode),
    say: (line) => console.log(`     ${name}: ${line}`),
  }
}
