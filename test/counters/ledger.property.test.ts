// Hits and denials over whatever happens to policies, pods, tables, counters and agents: no total ever decreases, and each is what
// was counted, where nothing could be lost. Over a back end in memory: test/counters/ledger.test.ts has the kernel.
import { afterEach, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Agent } from '../../src/agent/agent.ts'
import { podKey, type PolicyKey } from '../../src/cluster/objects.ts'
import { Compiler } from '../../src/compiler/compiler.ts'
import type { HitTotals } from '../../src/counters/totals.ts'
import type { Change } from '../../src/source.ts'
import { until } from '../../lab/patience.ts'
import { changesOf, clusterArb, finalState, historyArb } from '../arbitrary/cluster.ts'
import { canonical } from '../compiler/canonical.ts'
import { asyncProperty } from '../property.ts'
import { agentOf, nextTurn, NODE, ToldSource, untilChecked, wanted } from '../agent/agent-in-process.ts'
import { MemoryBackend, type Mood } from '../agent/memory-backend.ts'

const CHECK_MS = 5

type Step =
  | { readonly kind: 'changes'; readonly count: number; readonly mood: Mood }
  | { readonly kind: 'packets'; readonly which: number; readonly packets: number }
  | { readonly kind: 'scrape' | 'reset' | 'flush' }
  | { readonly kind: 'restart'; readonly count: number }

const stepArb: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('changes' as const), count: fc.integer({ min: 1, max: 5 }), mood: fc.constantFrom<Mood>('at once', 'at once', 'late', 'throws', 'rejects') }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('packets' as const), which: fc.nat(), packets: fc.integer({ min: 1, max: 9 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('scrape' as const, 'reset' as const, 'flush' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const), count: fc.nat({ max: 4 }) }) },
)

/** Totals by `kind direction key`. */
type Counts = Map<string, number>

/** A node whose agents come and go, and beside it what should have been counted. */
class World {
  readonly backend = new MemoryBackend()
  agent: Agent | undefined
  readonly #changes: Change[]
  #source: ToldSource
  readonly #expected: Counts = new Map()
  #last: Counts = new Map()

  constructor(first: readonly Change[]) {
    this.#changes = [...first]
    this.#source = new ToldSource(first)
  }

  async start(): Promise<void> {
    this.#source = new ToldSource(changesOf(finalState(this.#changes)))
    this.agent = agentOf(this.#source, this.backend, { checkMs: CHECK_MS })
    await this.agent.start()
  }

  async take(step: Step, changes: readonly Change[]): Promise<void> {
    switch (step.kind) {
      case 'changes':
        return this.#change(changes, step.mood)
      case 'packets':
        this.#count(step.which, step.packets)
        return
      case 'restart':
        await this.agent?.close()
        this.#note(changes)
        return this.start()
      case 'scrape':
        return this.compare()
      case 'reset':
        await this.compare() // what was not read before is lost
        this.backend.resetCounters()
        await this.compare() // so is what was not seen to be set back before the agent ends
        await untilChecked(this.agent!)
        return this.#settled()
      case 'flush':
        await this.compare()
        this.backend.flush()
        return this.#settled()
    }
  }

  async compare(): Promise<void> {
    const shown = countsOf((await this.agent!.view.hits())!)
    const exist = this.#existing()
    const decreased = [...this.#last].filter(([key, packets]) => exist.has(key) && (shown.get(key) ?? 0) < packets)
    expect(decreased).toEqual([])
    this.#last = shown
    const positive = (counts: Counts): [string, number][] => [...counts].filter(([, packets]) => packets > 0).sort()
    expect(positive(shown)).toEqual(positive(this.#expected))
  }

  async #change(changes: readonly Change[], mood: Mood): Promise<void> {
    this.backend.moods.push(mood)
    this.#source.say(...changes)
    this.#note(changes)
    await this.#settled()
    this.backend.moods.length = 0
  }

  #note(changes: readonly Change[]): void {
    this.#changes.push(...changes)
    const exist = this.#existing()
    for (const counts of [this.#expected, this.#last]) for (const key of counts.keys()) if (!exist.has(key)) counts.delete(key)
  }

  /** One of the counters in use counts. */
  #count(which: number, packets: number): void {
    const compiler = new Compiler(NODE)
    compiler.load(changesOf(finalState(this.#changes)))
    const names = [...compiler.content.counters].filter((name) => compiler.counters.meaningOf(name) !== undefined).sort()
    const name = names[which % names.length]
    if (name === undefined) return
    this.backend.count(name, packets)
    const meaning = compiler.counters.meaningOf(name)!
    const counted = meaning.kind === 'hits' ? meaning.hits.map(({ policy, action }) => `${policy} ${action}`) : [`${meaning.pod} ${meaning.by}`]
    for (const each of counted) {
      const of = `${meaning.kind} ${meaning.direction} ${each}`
      this.#expected.set(of, (this.#expected.get(of) ?? 0) + packets)
    }
  }

  #existing(): Set<string> {
    const { pods, policies, clusterPolicies } = finalState(this.#changes)
    const local = pods.filter(({ nodeName, hostNetwork }) => nodeName === NODE && !hostNetwork)
    const keys = [...[...policies, ...clusterPolicies].map(({ key }) => ['hits', key]), ...local.map((pod) => ['denied', podKey(pod)])]
    const detailsOf = (kind: string | undefined): string[] => (kind === 'hits' ? ['accept', 'deny', 'pass'] : ['isolation', 'admin', 'baseline'])
    return new Set(keys.flatMap(([kind, key]) => ['ingress', 'egress'].flatMap((direction) => (
      detailsOf(kind).map((detail) => `${kind} ${direction} ${key} ${detail}`)
    ))))
  }

  async #settled(): Promise<void> {
    const expected = JSON.stringify(wanted(changesOf(finalState(this.#changes))))
    await nextTurn()
    const isQuiet = (): boolean => !this.backend.isBusy && this.backend.reader.state().tables.size > 0
    await until(() => isQuiet() && JSON.stringify(this.#inUse()) === expected, 'what is wanted, in the kernel')
    await nextTurn()
  }

  #inUse(): string[] {
    return canonical(this.backend.content).filter((line) => !line.startsWith('counter past-'))
  }
}

/** Names of policies so much longer: a comment holds the names of few policies, of two, or of none. */
function lengthened(change: Change, by: number): Change {
  if (change.kind !== 'policy') return change
  const key = `${change.key}${'-and-more'.repeat(by)}` as PolicyKey
  return { ...change, key, now: change.now && { ...change.now, key, name: key.slice(key.indexOf('/') + 1) } }
}

function countsOf({ policies, denied }: HitTotals): Counts {
  return new Map([
    ...policies.map(({ key, direction, action, packets }) => [`hits ${direction} ${key} ${action}`, packets] as const),
    ...denied.map(({ key, direction, by, packets }) => [`denied ${direction} ${key} ${by}`, packets] as const),
  ])
}

let world: World | undefined
afterEach(() => world?.agent?.close())

test('totals never decrease, and are what was counted', async () => {
  const scenario = fc.record({ first: clusterArb(), history: historyArb(), steps: fc.array(stepArb, { maxLength: 40, size: 'max' }), longer: fc.constantFrom(0, 5, 12) })
  await asyncProperty(scenario, async ({ first, history, steps, longer }) => {
    const named = (changes: readonly Change[]): Change[] => changes.map((change) => lengthened(change, longer))
    world = new World(named(changesOf(first)))
    await world.start()
    let at = 0
    for (const step of steps) {
      const count = 'count' in step ? step.count : 0
      await world.take(step, named(history.slice(at, (at += count))))
    }
    await world.compare()
    await world.agent?.close()
  }, 0.3)
})
