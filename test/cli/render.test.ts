// `vethguard render` says what the agent installs: nft accepts it, and the live table is the same but for the guard of veths and tunnels.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { AgentLab } from '../agent/agent-lab.ts'
import { emptyKernel, type Kernel, sortedElements } from '../netlink/nf-tables/kernel.ts'
import { exec } from '../../lab/namespace.ts'
import { clusterPolicyObject, type KubeObject, namespaceObject, podObject, policyObject } from '../situations/fixture.ts'
import { POOL } from '../arbitrary/pool.ts'
import { vethguard } from './run.ts'

const EXAMPLES = fileURLToPath(new URL('../../examples', import.meta.url))

let kernel: Kernel
beforeEach(() => {
  kernel = emptyKernel()
})
afterEach(() => kernel.close())

async function rendered(source: string, node: string, ...more: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await vethguard(['render', '--source', source, '--node-name', node, ...more])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return stdout
}

/** Without what only the node knows: counts, and the elements of the guard's sets. */
function comparable(listing: string): string {
  return sortedElements(listing)
    .replace(/packets \d+ bytes \d+/g, 'packets 0 bytes 0')
    .replace(/(\tset (veths|veth4|veth6|ports|port4|port6|closed|closed_out|closed_own|local4|local6|tunnels|tunnel_protocols) \{\n\t\ttype [^\n]*\n)\t\telements = \{[^}]*\}\n/g, '$1')
}

test('the live table lists as what is rendered', async () => {
  const lab = new AgentLab()
  try {
    lab.write('policies.json', [
      policyObject('deny', { podSelector: {} }),
      policyObject('web', { podSelector: { matchLabels: { pod: 'a' } }, ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8' } }], ports: [{ port: 80, endPort: 900 }] }] }),
      ...['b', 'c', 'd'].map((name) => policyObject(name.repeat(60), { podSelector: {}, ingress: [{ ports: [{ port: 81 }] }] }, 'z')),
      clusterPolicyObject('edge', { tier: 'Baseline', priority: 0, subject: { namespaces: {} }, egress: [{ action: 'Deny', to: [{ networks: ['192.0.2.0/24'] }] }] }),
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

describe('as JSON', () => {
  const POD = podObject({ family: 4, slots: POOL.slots }, 'x/a')
  const FROM_ALL = [{ namespaces: {} }]
  const EDGE = clusterPolicyObject('edge', {
    tier: 'Admin', priority: 5, subject: { namespaces: {} },
    ingress: [
      { action: 'Accept', from: FROM_ALL, protocols: [{ tcp: { destinationPort: { number: 53 } } }] },
      { action: 'Pass', from: FROM_ALL, protocols: [{ udp: { destinationPort: { range: { start: 1, end: 9000 } } } }] },
      { action: 'Deny', from: FROM_ALL },
    ],
  })
  const WEB = policyObject('web', { podSelector: {}, ingress: [{ ports: [{ port: 80 }] }] })
  const UDP = policyObject('udp', { podSelector: {}, ingress: [{ ports: [{ port: 80, protocol: 'UDP' }] }] })

  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vethguard-render-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  interface Document {
    readonly sets: Readonly<Record<string, readonly string[] | Readonly<Record<string, string>>>>
    readonly counters: readonly { readonly name: string }[]
  }

  async function json(...objects: readonly KubeObject[]): Promise<{ document: Document; text: string }> {
    writeFileSync(join(folder, 'all.json'), JSON.stringify({ kind: 'List', items: [namespaceObject('x'), POD, ...objects] }))
    const node = POOL.slots[0]!.node
    const [printed, text] = [await rendered(folder, node, '--output', 'json'), await rendered(folder, node)]
    return { document: JSON.parse(printed) as Document, text }
  }

  test('has every element that the text has', async () => {
    const { document, text } = await json(EDGE, WEB)
    const inText = [...text.matchAll(/^add element \S+ vethguard (\S+) \{\n([^}]*)^\}/gm)].flatMap(([, set = '', lines = '']) => (
      lines.split('\n').filter((line) => line !== '').map((line) => `${set} ${line.trim().replace(/,$/, '').replaceAll('"', '')}`)
    ))
    const inJson = Object.entries(document.sets).flatMap(([set, elements]) => (
      Array.isArray(elements) ? elements.map((key) => `${set} ${key}`) : Object.entries(elements).map(([key, value]) => `${set} ${key} : ${value}`)
    ))
    expect(inText.length).toBeGreaterThan(10)
    expect(inJson.sort()).toEqual(inText.sort())
    expect(document.sets).toMatchObject({ in_isolated6: ['fd00::a'], out_isolated6: [], verdict_ranges: {} }) // empty ones are there too
  })

  test('says what each counter counts: rules of ClusterNetworkPolicies by number, and NetworkPolicies, also several', async () => {
    const { document } = await json(EDGE, WEB, UDP, { ...WEB, metadata: { namespace: 'x', name: 'web-too' } })
    const edge = { kind: 'ClusterNetworkPolicy', policy: 'edge' }
    const [web, udp] = ['web', 'udp'].map((policy) => ({ kind: 'NetworkPolicy', namespace: 'x', policy, action: 'accept' }))
    const counters = document.counters.toSorted((a, b) => (a.name < b.name ? -1 : 1))
    expect(counters).toEqual([
      { name: 'deny-admin-in/x/a', direction: 'ingress', denied: { by: 'admin', namespace: 'x', pod: 'a' } },
      { name: 'deny-in/x/a', direction: 'ingress', denied: { by: 'isolation', namespace: 'x', pod: 'a' } },
      { name: 'in/cluster/edge/accept-0', comment: 'edge ingress[0] Accept', direction: 'ingress', hits: [{ ...edge, action: 'accept', rule: 0 }] },
      { name: 'in/cluster/edge/deny-2', comment: 'edge ingress[2] Deny', direction: 'ingress', hits: [{ ...edge, action: 'deny', rule: 2 }] },
      { name: 'in/cluster/edge/pass-1', comment: 'edge ingress[1] Pass', direction: 'ingress', hits: [{ ...edge, action: 'pass', rule: 1 }] },
      { name: expect.stringMatching(/^in\/set-/), comment: 'x: web, web-too', direction: 'ingress', hits: [web, { ...web, policy: 'web-too' }] },
      { name: 'in/x/udp', direction: 'ingress', hits: [udp] },
    ])
  })

  test('lists all policies of a counter, however many, and not the counters beside it that hold their hashes', async () => {
    const names = ['b', 'c', 'd'].map((letter) => letter.repeat(60))
    const { document, text } = await json(...names.map((name) => policyObject(name, { podSelector: {}, ingress: [{ ports: [{ port: 81 }] }] })))
    const [counter, ...others] = document.counters.filter(({ name }) => !name.startsWith('deny'))
    expect(others).toEqual([])
    expect(counter).toMatchObject({ comment: expect.stringMatching(/\.\.\.$/), hits: names.map((policy) => ({ policy })) })
    expect(text).toContain('counter members-')
  })
})
