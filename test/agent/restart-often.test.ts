// Twenty restarts in a row, by kill -9 and by SIGTERM, under probes every 2 ms: nothing leaks, no counter goes back, and nothing is
// dropped, but for the one packet that may be under judgement at a replacement (replacement.test.ts).
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import type { Attempt, Verdict } from '../lab/prober.ts'
import { policyObject } from '../situations/fixture.ts'
import { AgentLab, PORT_80 } from './agent-lab.ts'

const RESTARTS = 20
const PROBE_MS = 2

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

/** Probes until it is told to stop; counts what was judged otherwise than it should be. */
class Watch {
  readonly #expected: readonly (Attempt & { readonly expected: Verdict })[]
  readonly #running: Promise<void>
  #over = false
  probes = 0
  readonly leaked: string[] = []
  readonly dropped: string[] = []

  constructor() {
    const from = lab.pod('x/c')
    this.#expected = [
      { from, to: lab.pod('x/a'), probe: PORT_80, expected: 'denied' },
      { from, to: lab.pod('x/b'), probe: PORT_80, expected: 'allowed' },
    ]
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#over = true
    await this.#running
  }

  async #run(): Promise<void> {
    while (!this.#over) {
      const verdicts = lab.prober.judge(this.#expected)
      for (const [index, { to, expected }] of this.#expected.entries()) {
        const verdict = verdicts[index]!.verdict
        if (verdict !== expected) this[expected === 'denied' ? 'leaked' : 'dropped'].push(`${to.name} ${verdict} at probe ${this.probes}`)
      }
      this.probes++
      await sleep(PROBE_MS)
    }
  }
}

test('twenty restarts: nothing leaks, nothing is dropped wrongly, no counter goes back', async () => {
  let agent = await lab.start()
  const watch = new Watch()
  let before = await lab.counters()
  for (let restart = 0; restart < RESTARTS; restart++) {
    await agent.kill(restart % 2 === 0 ? 'SIGKILL' : 'SIGTERM')
    agent = await lab.start()
    const after = await lab.counters()
    expect(Object.keys(before).filter((name) => (after[name] ?? 0) < before[name]!)).toEqual([])
    before = after
  }
  await watch.stop()
  expect(watch.leaked).toEqual([])
  expect(watch.dropped.length).toBeLessThanOrEqual(1)
  expect(watch.probes).toBeGreaterThan(RESTARTS * 20)
  expect(before).toMatchObject({ 'deny-in/x/a': expect.any(Number) })
}, 240_000)
