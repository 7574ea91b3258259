// Tables are replaced over and over, by agents that start and by nft, under probes. Nothing ever gets through. But nf_tables asks which
// generation is current at each look-up, so that a packet which is being judged when the generation changes does not find what the old
// maps had, and is dropped. It is sent again; the one after it is judged as ever.
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import type { Attempt, Verdict } from '../../lab/prober.ts'
import { policyObject } from '../situations/fixture.ts'
import { AgentLab, PORT_80 } from './agent-lab.ts'

const RESTARTS = 20
const PROBE_MS = 2
const REPLACEMENTS = 300
/** Looks between two turns of the event loop. */
const IN_A_ROW = 20

let lab: AgentLab

beforeEach(() => {
  lab = new AgentLab()
  lab.write('policies.json', [
    policyObject('deny-a', { podSelector: { matchLabels: { pod: 'a' } } }),
    policyObject('allow-b', { podSelector: { matchLabels: { pod: 'b' } }, ingress: [{ from: [{ podSelector: {} }] }] }),
    policyObject('allow-b-too', { podSelector: { matchLabels: { pod: 'b' } }, ingress: [{}] }),
  ])
})
afterEach(() => lab.close())

/** Probes one pod that nobody may reach and one that everybody may; keeps what was judged otherwise. */
class Watch {
  readonly #expected: readonly (Attempt & { readonly expected: Verdict })[]
  probes = 0
  readonly leaked: string[] = []
  /** Numbers of probes. */
  readonly dropped: number[] = []

  constructor() {
    const from = lab.pod('x/c')
    this.#expected = [
      { from, to: lab.pod('x/a'), probe: PORT_80, expected: 'denied' },
      { from, to: lab.pod('x/b'), probe: PORT_80, expected: 'allowed' },
    ]
  }

  /** @param pause after each probe, of which it is told the number */
  async until(over: AbortSignal, pause: (probe: number) => Promise<unknown> | undefined): Promise<void> {
    while (!over.aborted) {
      this.#look()
      await pause(++this.probes)
    }
  }

  #look(): void {
    const verdicts = lab.prober.judge(this.#expected)
    for (const [index, { to, expected }] of this.#expected.entries()) {
      const verdict = verdicts[index]!.verdict
      if (verdict === expected) continue
      if (expected === 'denied') this.leaked.push(`${to.name} ${verdict} at probe ${this.probes}`)
      else this.dropped.push(this.probes)
    }
  }
}

test('twenty restarts: nothing leaks, nothing is dropped wrongly, no counter goes back', async () => {
  let agent = await lab.start()
  const watch = new Watch()
  const over = new AbortController()
  const watching = watch.until(over.signal, () => sleep(PROBE_MS))
  let before = await lab.counters()
  for (let restart = 0; restart < RESTARTS; restart++) {
    await agent.kill(restart % 2 === 0 ? 'SIGKILL' : 'SIGTERM')
    agent = await lab.start()
    const after = await lab.counters()
    expect(Object.keys(before).filter((name) => (after[name] ?? 0) < before[name]!)).toEqual([])
    before = after
  }
  over.abort()
  await watching
  expect(watch.leaked).toEqual([])
  expect(watch.dropped.length).toBeLessThanOrEqual(1)
  expect(watch.probes).toBeGreaterThan(RESTARTS * 20)
  expect(before).toMatchObject({ 'deny-in/x/a': expect.any(Number) })
}, 240_000)

/** The tables as they are, written so that nft puts them in place of themselves. */
function replacementFile(): string {
  const tables = lab.exec('nft', 'list ruleset').replace(/^\tflags .*$/gm, '')
  const file = join(lab.folder, 'replacement.nft')
  writeFileSync(file, `${Array.from(tables.matchAll(/^table \w+ \w+/gm), ([table]) => `delete ${table}\n`).join('')}${tables}`)
  return file
}

test('while all tables are replaced nothing gets through, and next to nothing is dropped', async () => {
  await (await lab.start()).kill('SIGKILL') // its tables stay, without an owner
  const again = ['-c', `for n in $(seq ${REPLACEMENTS}); do nft -f "$1" || exit 1; done`, 'sh', replacementFile()]
  const over = new AbortController()
  const replacing = promisify(execFile)('ip', ['netns', 'exec', lab.namespace, 'sh', ...again]).finally(() => over.abort())
  const watch = new Watch()
  await watch.until(over.signal, (probe) => (probe % IN_A_ROW === 0 ? turn() : undefined))
  await replacing
  expect(watch.leaked).toEqual([])
  expect(watch.dropped.filter((probe, index) => probe === watch.dropped[index - 1]! + 1)).toEqual([]) // never two in a row
  expect(watch.dropped.length).toBeLessThan(REPLACEMENTS / 4) // under full load 20 to 24 were seen
  expect(watch.probes).toBeGreaterThan(REPLACEMENTS)
}, 120_000)
