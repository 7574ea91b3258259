// `vethguard render` says what the agent installs: nft accepts it, and the live table is the same but for the guard of veths.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { AgentLab } from '../agent/agent-lab.ts'
import { emptyKernel, type Kernel, sortedElements } from '../netlink/nf-tables/kernel.ts'
import { exec } from '../../lab/namespace.ts'
import { policyObject } from '../situations/fixture.ts'
import { vethguard } from './run.ts'

const EXAMPLES = fileURLToPath(new URL('../../examples', import.meta.url))

let kernel: Kernel
beforeEach(() => {
  kernel = emptyKernel()
})
afterEach(() => kernel.close())

async function rendered(source: string, node: string): Promise<string> {
  const { code, stdout, stderr } = await vethguard(['render', '--source', source, '--node-name', node])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return stdout
}

/** Without what only the node knows: counts, and the elements of the guard's sets. */
function comparable(listing: string): string {
  return sortedElements(listing)
    .replace(/packets \d+ bytes \d+/g, 'packets 0 bytes 0')
    .replace(/(\tset (veths|veth4|veth6|ports|port4|port6|closed|closed_out|closed_own) \{\n\t\ttype [^\n]*\n)\t\telements = \{[^}]*\}\n/g, '$1')
}

test('the live table lists as what is rendered', async () => {
  const lab = new AgentLab()
  try {
    lab.write('policies.json', [
      policyObject('deny', { podSelector: {} }),
      policyObject('web', { podSelector: { matchLabels: { pod: 'a' } }, ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8' } }], ports: [{ port: 80, endPort: 900 }] }] }),
      ...['b', 'c', 'd'].map((name) => policyObject(name.repeat(60), { podSelector: {}, ingress: [{ ports: [{ port: 81 }] }] }, 'z')),
      policyObject('out', { podSelector: {}, policyTypes: ['Egress'], egress: [{ ports: [{ port: 'serve-80-tcp' }] }] }, 'y'),
    ])
    await lab.start()
    lab.open()
    const text = await rendered(lab.folder, 'node0')
    kernel.nft(text, '--check')
    expect(kernel.list()).toBe('')
    kernel.nft(text)
    expect(text).toMatch(/counter members-in\/set-[0-9a-f]{16}-1 \{ comment "[0-9a-f]{8} [0-9a-f]{8} [0-9a-f]{8}";/)
    const live = exec(lab.namespace, ['nft', 'list', 'ruleset']).replace(/ # progname .*$/gm, '').replace(/^\tflags (owner)?\n\n/gm, '')
    expect(live).toMatch(/set veth4 \{[^}]*elements = /)
    expect(comparable(live)).toBe(comparable(kernel.list()))
  } finally {
    await lab.close()
  }
})

test('the examples render without a problem, for every node in them', async () => {
  const text = readdirSync(join(EXAMPLES, 'pods')).map((file) => readFileSync(join(EXAMPLES, 'pods', file), 'utf8')).join('\n')
  const nodes = new Set([...text.matchAll(/nodeName: (\S+)/g)].map(([, node]) => node!))
  expect(nodes.size).toBeGreaterThan(0)
  for (const node of nodes) kernel.nft(await rendered(EXAMPLES, node), '--check')
})
