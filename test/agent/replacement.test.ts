// All tables replaced over and over, under probes that follow each other without a pause. Nothing ever gets through. But nf_tables asks
// which generation is current at each look-up, so that a packet which is being judged when the generation changes does not find what
// the old maps had, and is dropped: one in some hundred replacements, and it is sent again.
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { policyObject } from '../situations/fixture.ts'
import { AgentLab, PORT_80 } from './agent-lab.ts'

const REPLACEMENTS = 300
/** 6 of 1,500 dropped a packet when this was tried for long. */
const MOST_DROPPED = 12
/** Looks between two turns of the event loop. */
const IN_A_ROW = 20

let lab: AgentLab
beforeEach(() => {
  lab = new AgentLab()
  lab.write('policies.json', [
    policyObject('deny-a', { podSelector: { matchLabels: { pod: 'a' } } }),
    policyObject('allow-b', { podSelector: { matchLabels: { pod: 'b' } }, ingress: [{ from: [{ podSelector: {} }] }] }),
  ])
})
afterEach(() => lab.close())

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
  const from = lab.pod('x/c')
  const attempts = [lab.pod('x/a'), lab.pod('x/b')].map((to) => ({ from, to, probe: PORT_80 }))
  let [looks, leaked, dropped] = [0, 0, 0]
  while (!over.signal.aborted) {
    const [denied, allowed] = lab.prober.judge(attempts)
    if (denied?.verdict !== 'denied') leaked++
    if (allowed?.verdict !== 'allowed') dropped++
    if (++looks % IN_A_ROW === 0) await turn()
  }
  await replacing
  expect(leaked).toBe(0)
  expect(dropped).toBeLessThanOrEqual(MOST_DROPPED)
  expect(looks).toBeGreaterThan(REPLACEMENTS)
}, 120_000)
