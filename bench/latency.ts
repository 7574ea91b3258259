// `npm run bench:latency`: from the API server's answer to the first packet that is judged anew, through a real API server, the real
// agent and crafted packets between two lab nodes.
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ApiWorld } from './api-fill.ts'
import type { Extreme } from '../test/e2e/agent/extreme-objects.ts'
import { ApiStage, NEXT_PORT } from './api-stage.ts'
import { summarize, type Summary } from './statistics.ts'
import { store } from './store.ts'

const CHANGES = Number(process.env['BENCH_CHANGES'] ?? 300)
const WORLDS: readonly ApiWorld[] = [{ pods: 0, policies: 0 }, { pods: 5000, policies: 1000 }]
/** Between two changes, so that each is single. */
const PAUSE_MS = 10
const OUTAGE_MS = 20_000

interface KindResult {
  /** From the answer to the end of the first probe that went the new way. */
  readonly ms: Summary
  /** User and system time of the agent for each change. */
  readonly cpuMs: number
}

interface WorldResult {
  readonly world: ApiWorld
  readonly kinds: Readonly<Record<string, KindResult>>
  /** From the API server's return to the verdict that a change asks for which is made as soon as it answers. */
  readonly afterOutageMs: number
}

/** Lets the client in or shuts it out, by one request at the end; resolves with the API server's answer to that. */
type Change = (stage: ApiStage, allowed: boolean) => Promise<unknown>

const KINDS: Readonly<Record<string, Change>> = {
  label: (stage, allowed) => stage.label(allowed),
  policy: (stage, allowed) => stage.rewrite(allowed),
  pod: (stage, allowed) => (allowed ? stage.createClient() : stage.deleteClient()),
}

async function measureWorld(world: ApiWorld): Promise<WorldResult> {
  const stage = await ApiStage.start(world)
  try {
    await stage.until('allowed')
    const kinds: Record<string, KindResult> = {}
    for (const [name, change] of Object.entries(KINDS)) kinds[name] = await measureKind(stage, change)
    return { world, kinds, afterOutageMs: await measureOutage(stage) }
  } finally {
    await stage.close()
  }
}

/** Ends as it begins: the client is let in. */
async function measureKind(stage: ApiStage, change: Change): Promise<KindResult> {
  const times: number[] = []
  const cpuBefore = stage.agentCpuMs()
  for (let index = 0; index < CHANGES; index++) {
    const allowed = index % 2 === 1
    await change(stage, allowed)
    const answeredAt = performance.now()
    await stage.until(allowed ? 'allowed' : 'denied')
    times.push(performance.now() - answeredAt)
    await sleep(PAUSE_MS)
  }
  return { ms: summarize(times), cpuMs: Number(((stage.agentCpuMs() - cpuBefore) / CHANGES).toFixed(2)) }
}

async function measureOutage(stage: ApiStage): Promise<number> {
  await stage.server.kill()
  await sleep(OUTAGE_MS)
  await stage.server.restart()
  const returnedAt = performance.now()
  await stage.rewrite(false)
  await stage.until('denied')
  return Math.round(performance.now() - returnedAt)
}

interface ExtremeResult {
  readonly name: string
  /** From the answer to the last of its policies until they are in force, in ms. */
  readonly inForceMs: number
  /** A policy after it. */
  readonly nextMs: number
  /** Its removal. */
  readonly goneMs: number
}

async function measureExtremes(): Promise<ExtremeResult[]> {
  const stage = await ApiStage.start({ pods: 0, policies: 0 })
  try {
    await stage.rewrite(false)
    const results: ExtremeResult[] = []
    for (const extreme of stage.extremes()) results.push(await measureExtreme(stage, extreme))
    return results
  } finally {
    await stage.close()
  }
}

async function measureExtreme(stage: ApiStage, { name, policies }: Extreme): Promise<ExtremeResult> {
  const { admin } = stage.server
  await stage.until('denied')
  for (const policy of policies) await admin.create(policy)
  const inForceMs = await timed(() => stage.until('allowed'))
  await admin.create(stage.next)
  const nextMs = await timed(() => stage.until('allowed', NEXT_PORT))
  await admin.delete(stage.next)
  await stage.until('denied', NEXT_PORT)
  for (const policy of policies) await admin.delete(policy)
  return { name, inForceMs, nextMs, goneMs: await timed(() => stage.until('denied')) }
}

async function timed(work: () => Promise<void>): Promise<number> {
  const begin = performance.now()
  await work()
  return Number((performance.now() - begin).toFixed(2))
}

const extremes = await measureExtremes()
process.stdout.write(`${JSON.stringify(extremes, undefined, 2)}\n`)
const results: WorldResult[] = []
for (const world of WORLDS) {
  const result = await measureWorld(world)
  results.push(result)
  process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`)
}
store('latency', { changes: CHANGES, outageMs: OUTAGE_MS, results, extremes })
