// Tables are replaced over and over, by agents that start and by nft, under probes: nothing ever gets through, and nothing is dropped but
// what is being judged at that moment (watch.ts).
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { clusterPolicyObject, policyObject } from '../situations/fixture.ts'
import { repeats } from '../../lab/patience.ts'
import { testNft } from '../netlink/nf-tables/can.ts'
import { AgentLab } from './agent-lab.ts'
import { Watch } from './watch.ts'

const RESTARTS = repeats(20)
const PROBE_MS = 2
const REPLACEMENTS = repeats(300)
/** Rounds between two turns of the event loop. */
const IN_A_ROW = 20

let lab: AgentLab

beforeEach(() => {
  lab = new AgentLab()
  lab.write('policies.json', [
    policyObject('deny-a', { podSelector: { matchLabels: { pod: 'a' } } }),
    policyObject('allow-b', { podSelector: { matchLabels: { pod: 'b' } }, ingress: [{ from: [{ podSelector: {} }] }] }),
    policyObject('allow-b-too', { podSelector: { matchLabels: { pod: 'b' } }, ingress: [{}] }),
    clusterPolicyObject('not-y', {
      tier: 'Admin',
      priority: 1,
      subject: { namespaces: { matchLabels: { 'kubernetes.io/metadata.name': 'y' } } },
      ingress: [{ action: 'Deny', from: [{ pods: { namespaceSelector: {}, podSelector: { matchLabels: { pod: 'c' } } } }] }],
    }),
  ])
})
afterEach(() => lab.close())

/** Of pods that nobody may reach, and of one that everybody may. */
function watch(): Watch {
  return new Watch(lab, [
    { ...lab.attempt('x/c > x/a'), expected: 'denied' },
    { ...lab.attempt('x/c > x/b'), expected: 'allowed' },
    { ...lab.attempt('x/c > y/a'), expected: 'denied' },
  ])
}

test('restarts, over and over: nothing leaks, nothing is dropped wrongly, no counter goes back', async () => {
  const watched = watch()
  let counters: Record<string, number> = {}
  const restarting = async (): Promise<void> => {
    for (let restart = 0; restart < RESTARTS; restart++) {
      const agent = await lab.start()
      const after = await lab.counters()
      expect(Object.keys(counters).filter((name) => (after[name] ?? 0) < counters[name]!)).toEqual([])
      counters = after
      await agent.kill(restart % 2 === 0 ? 'SIGKILL' : 'SIGTERM')
    }
  }
  await (await lab.start()).kill('SIGTERM')
  await watched.during(restarting(), () => sleep(PROBE_MS))
  expect(watched.leaked).toEqual([])
  expect(watched.commits).toBeGreaterThanOrEqual(RESTARTS)
  expect(watched.dropped.length).toBeLessThanOrEqual(watched.commits)
  expect(counters).toMatchObject({ 'deny-in/x/a': expect.any(Number) })
})

/** The tables as they are, written so that nft puts them in place of themselves. */
function replacementFile(): string {
  const tables = lab.exec('nft', 'list ruleset').replace(/^\tflags .*$/gm, '')
  const file = join(lab.folder, 'replacement.nft')
  writeFileSync(file, `${Array.from(tables.matchAll(/^table \w+ \w+/gm), ([table]) => `delete ${table}\n`).join('')}${tables}`)
  return file
}

testNft('while all tables are replaced nothing gets through, and what is dropped was being judged', async () => {
  await (await lab.start()).kill('SIGKILL') // its tables stay, without an owner
  const again = ['-c', `for n in $(seq ${REPLACEMENTS}); do nft -f "$1" || exit 1; done`, 'sh', replacementFile()]
  const watched = watch()
  await watched.during(
    promisify(execFile)('ip', ['netns', 'exec', lab.namespace, 'sh', ...again]),
    () => (watched.rounds % IN_A_ROW === 0 ? turn() : undefined),
  )
  expect(watched.leaked).toEqual([])
  expect(watched.commits).toBe(REPLACEMENTS)
  expect(watched.dropped.length).toBeLessThanOrEqual(REPLACEMENTS)
  expect(watched.rounds).toBeGreaterThan(REPLACEMENTS) // or a bound by their number says nothing
})
