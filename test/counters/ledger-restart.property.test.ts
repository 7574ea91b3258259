// Hits over restarts, where up to twenty policies with long names share counters: what changes while no agent runs, and first
// transactions that the kernel refuses, must neither take hits away nor count them twice. Over a back end in memory.
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import pino from 'pino'
import { Committer } from '../../src/agent/committer.ts'
import { Ledger } from '../../src/counters/ledger.ts'
import { podKey, type PolicyKey } from '../../src/cluster/objects.ts'
import { Compiler } from '../../src/compiler/compiler.ts'
import type { Policy } from '../../src/policy/types.ts'
import type { Change } from '../../src/source.ts'
import { pod, policy } from '../policy/state.ts'
import { asyncProperty } from '../property.ts'
import { NODE } from '../agent/agent-in-process.ts'
import { MemoryBackend } from '../agent/memory-backend.ts'

const POD = pod('x/a', '10.0.0.10', { nodeName: NODE })
const POD_CHANGE: Change = { kind: 'pod', key: podKey(POD), now: POD }
const KEYS = Array.from({ length: 20 }, (_, index) => `x/${`allow-team-${index}`.padEnd(41 + index, '-to-the-shop')}z` as PolicyKey)

/** What each policy may allow; undefined: it is not there. */
const INGRESS = { all: [{}], web: [{ ports: [{ port: 80 }] }], other: [{ ports: [{ port: 81 }] }], nothing: [], gone: undefined }
type Ingress = keyof typeof INGRESS

interface Edit {
  readonly key: PolicyKey
  readonly ingress: Ingress
}

type Step =
  | { readonly kind: 'edits'; readonly edits: readonly Edit[] }
  | { readonly kind: 'packets'; readonly which: number; readonly packets: number }
  /** Edits while no agent runs, and after each refused transaction. */
  | { readonly kind: 'restart'; readonly edits: readonly Edit[]; readonly refused: readonly (readonly Edit[])[] }

const editsArb = fc.array(fc.record({ key: fc.constantFrom(...KEYS), ingress: fc.constantFrom<Ingress>('all', 'all', 'web', 'other', 'nothing', 'gone') }), { maxLength: 4 })
const stepArb: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('edits' as const), edits: editsArb }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('packets' as const), which: fc.nat(), packets: fc.integer({ min: 1, max: 9 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('restart' as const), edits: editsArb, refused: fc.array(editsArb, { maxLength: 2 }) }) },
)
const startArb = fc.array(fc.constantFrom<Ingress>('all', 'all', 'all', 'web', 'gone'), { minLength: KEYS.length, maxLength: KEYS.length })

/** A kernel, the agents that come and go over it, and beside it what each policy's total must be. */
class Node {
  readonly #backend = new MemoryBackend()
  readonly #policies = new Map<PolicyKey, Policy>()
  readonly #expected = new Map<PolicyKey, number>()
  #compiler = new Compiler(NODE)
  #ledger = this.#newLedger()
  #committer = this.#newCommitter()

  async start(edits: readonly Edit[], refused: readonly (readonly Edit[])[] = []): Promise<void> {
    this.#edit(edits)
    this.#compiler = new Compiler(NODE)
    this.#ledger = this.#newLedger()
    this.#committer = this.#newCommitter()
    this.#compiler.load([POD_CHANGE, ...Array.from(this.#policies.values(), (now): Change => ({ kind: 'policy', key: now.key, now }))])
    for (const more of refused) {
      this.#backend.moods.push('throws')
      await expect(this.#committer.replaceAll(this.#compiler.content)).rejects.toThrow('the kernel does not like it')
      const changes = this.#edit(more)
      this.#compiler.load(changes)
      this.#ledger.forget(changes)
    }
    await this.#committer.replaceAll(this.#compiler.content)
    this.#forgetGone()
  }

  async take(step: Step): Promise<void> {
    if (step.kind === 'restart') await this.start(step.edits, step.refused)
    else if (step.kind === 'packets') this.#count(step.which, step.packets)
    else this.#commit(this.#edit(step.edits))
    await this.compare()
  }

  async compare(): Promise<void> {
    const shown = (await this.#ledger.poll()).policies.filter(({ packets }) => packets > 0).map(({ key, packets }): [string, number] => [key, packets])
    expect(new Map(shown)).toEqual(this.#expected)
  }

  #newLedger(): Ledger {
    const onLost = (error: unknown): never => {
      throw error
    }
    return new Ledger({ compiler: this.#compiler, reader: this.#backend.reader, onLost })
  }

  #newCommitter(): Committer {
    const compiler = this.#compiler
    return new Committer({
      backend: this.#backend,
      wanted: () => Promise.resolve(compiler.content),
      describe: (name) => compiler.counters.commentOf(name),
      guard: true,
      ledger: this.#ledger,
      observer: {},
      onTry: () => undefined,
      onCommitted: () => undefined,
      log: pino({ level: 'silent' }),
    })
  }

  #edit(edits: readonly Edit[]): Change[] {
    return edits.map(({ key, ingress }): Change => {
      const rules = INGRESS[ingress]
      const now = rules && policy(key, { podSelector: {}, policyTypes: ['Ingress'], ingress: rules })
      if (now === undefined) this.#policies.delete(key)
      else this.#policies.set(key, now)
      return { kind: 'policy', key, now }
    })
  }

  #commit(changes: readonly Change[]): void {
    const delta = this.#compiler.apply(changes)
    this.#ledger.forget(changes)
    // Without a delta what is to be kept waits for the agent's next look at its tables, and a life that ends before leaves the past as it was.
    const committed = delta === undefined ? this.#committer.keepPast() : this.#committer.commit(delta)
    expect(committed).toBe(undefined)
    this.#forgetGone()
  }

  #forgetGone(): void {
    for (const key of this.#expected.keys()) if (!this.#policies.has(key)) this.#expected.delete(key)
  }

  /** One of the counters in use counts. */
  #count(which: number, packets: number): void {
    const counters = [...this.#compiler.content.counters].filter((name) => this.#compiler.counters.meaningOf(name)?.kind === 'hits').sort()
    const name = counters[which % counters.length]
    const meaning = name && this.#compiler.counters.meaningOf(name)
    if (name === undefined || meaning?.kind !== 'hits') return
    this.#backend.count(name, packets)
    for (const { policy: key } of meaning.hits) this.#expected.set(key, (this.#expected.get(key) ?? 0) + packets)
  }
}

test('restarts with other policies and after refused transactions neither lose nor repeat a hit', async () => {
  await asyncProperty(fc.record({ start: startArb, steps: fc.array(stepArb, { maxLength: 30, size: 'max' }) }), async ({ start, steps }) => {
    const node = new Node()
    await node.start(start.map((ingress, index) => ({ key: KEYS[index]!, ingress })))
    for (const step of steps) await node.take(step)
  })
})
