// kill -9 at any moment, of the real process: while it starts, replaces and follows a burst of edits. Each time the kernel has
// the whole of one state that the folder was in, and the next start makes it the last one.
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { readObject } from '../../src/manifests/objects.ts'
import { repeats, until } from '../../lab/patience.ts'
import { canonical } from '../compiler/canonical.ts'
import { WAYS } from '../netlink/nf-tables/can.ts'
import { emptyKernel, type Kernel } from '../netlink/nf-tables/kernel.ts'
import { type KubeObject, policyObject } from '../situations/fixture.ts'
import { AgentProcess } from './agent-process.ts'
import { wanted } from './agent-in-process.ts'

/** So many that every replacement, and every change below, keeps the kernel busy for some milliseconds. */
const PODS: readonly KubeObject[] = Array.from({ length: 500 }, (_, n) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'x', name: `p${n}`, labels: { half: String(n % 2) } },
  spec: { nodeName: 'node0' },
  status: { phase: 'Running', podIP: `10.0.${n >> 8}.${n & 255}` },
}))
/** Each changes elements and counters of hundreds of pods. */
const STATES: readonly KubeObject[] = [
  policyObject('p', { podSelector: {} }),
  policyObject('q', { podSelector: { matchLabels: { half: '0' } }, policyTypes: ['Egress'] }),
  policyObject('p', { podSelector: { matchLabels: { half: '1' } }, ingress: [{ ports: [{ port: 80 }] }] }),
  policyObject('r', { podSelector: {}, policyTypes: ['Ingress', 'Egress'], egress: [{}] }),
]
const CONTENTS = STATES.map((state) => wanted([...PODS, state].flatMap((object) => readObject(object).changes), 'node0').join('\n'))

const KILLS = { netlink: { start: repeats(10), burst: repeats(10) }, nft: { start: repeats(5), burst: repeats(5) } }
const LONGEST_BURST_MS = 120

let kernel: Kernel
let folder: string
let launched: AgentProcess[]

beforeEach(() => {
  launched = []
  kernel = emptyKernel()
  folder = mkdtempSync(join(tmpdir(), 'vethguard-kill-'))
  writeFileSync(join(folder, 'pods.json'), JSON.stringify({ kind: 'List', items: PODS }))
})
afterEach(async () => {
  for (const agent of launched) await agent.kill()
  kernel.close()
  rmSync(folder, { recursive: true })
})

function say(state: number): void {
  writeFileSync(join(folder, '.new'), JSON.stringify(STATES[state % STATES.length]))
  renameSync(join(folder, '.new'), join(folder, 'policy.json'))
}

function launch(backend: string): AgentProcess {
  const agent = new AgentProcess({ namespace: kernel.name, source: folder, args: ['--backend', backend, '--spoof-guard', 'off', '--tunnels', 'off'] })
  launched.push(agent)
  return agent
}

/** Which of the states the kernel has; -1: another. */
async function stateInKernel(): Promise<number> {
  return CONTENTS.indexOf(canonical((await kernel.content())!).join('\n'))
}

/** Waits for a state, since an `nft` that outlived its agent may still come and be put right. */
async function expectState(state: number): Promise<void> {
  await until(async () => await stateInKernel() === state % STATES.length, `state ${state} in the kernel`)
}

test.each(WAYS)('%s: killed while it starts and replaces', async (backend) => {
  say(0)
  const begin = performance.now()
  const first = launch(backend)
  await first.heard('enforcing')
  const startMs = performance.now() - begin
  await first.kill()
  let inKernel = 0
  for (let run = 1; run <= KILLS[backend].start; run++) {
    say(run)
    const agent = launch(backend)
    await sleep(startMs * (0.6 + 0.5 * Math.random()))
    await agent.kill()
    const found = await stateInKernel()
    expect([inKernel, run - 1, run].map((state) => state % STATES.length)).toContain(found) // the one before: by an `nft` that was late
    inKernel = found
  }
  await launch(backend).heard('enforcing')
  await expectState(KILLS[backend].start)
})

test.each(WAYS)('%s: killed in a burst of edits', async (backend) => {
  let edit = 0
  say(edit)
  for (let run = 0; run < KILLS[backend].burst; run++) {
    const agent = launch(backend)
    await agent.heard('enforcing')
    await expectState(edit)
    const endMs = performance.now() + LONGEST_BURST_MS * Math.random()
    do {
      say(++edit)
      await sleep(3)
    } while (performance.now() < endMs)
    await agent.kill()
    expect(await stateInKernel()).not.toBe(-1)
  }
})
