// Policies whose names do not fit into a counter's comment: what is shown of them goes on over real agents that are killed, tables that
// are made anew, and edits while no agent runs. On the real kernel, with real packets.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { until } from '../../lab/patience.ts'
import { vethguard } from '../cli/run.ts'
import { Scraper } from '../observe/scraper.ts'
import { policyObject } from '../situations/fixture.ts'
import { AgentLab } from '../agent/agent-lab.ts'
import type { AgentProcess } from '../agent/agent-process.ts'

const ADDRESS = '127.0.0.1:9611'
const FROM_Y = {
  podSelector: { matchLabels: { pod: 'a' } },
  ingress: [{ from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'y' } } }] }],
}
/** Fifteen take two lists, fourteen one. */
const NAMES = Array.from({ length: 15 }, (_, index) => `allow-${10 + index}`.padEnd(60, '-what-the-shop-needs'))
/** Packets that open connections in one AgentLab.open(). */
const HITS = 3

let lab: AgentLab
let agent: AgentProcess

beforeEach(() => {
  lab = new AgentLab()
})
afterEach(() => lab.close())

/** The first so many policies are there, and no others. */
function write(count: number): void {
  lab.write('policies.json', NAMES.slice(0, count).map((name) => policyObject(name, FROM_Y)))
}

/** Hits of policies in the order of NAMES, as the running agent shows them. */
function shown(): number[] {
  const hits = [...new Scraper(lab.namespace, ADDRESS).metrics().matchAll(/^vethguard_policy_hits_total\{.*,policy="([^"]+)",direction="ingress",action="accept"\} (\d+)$/gm)]
  return hits.toSorted(([, a = ''], [, b = '']) => (a < b ? -1 : 1)).map(([, , packets]) => Number(packets))
}

function times(count: number, packets: number): number[] {
  return Array.from({ length: count }, () => packets)
}

/** Each list's policies, as many as are in its comment, in order. */
function lists(): number[] {
  const listing = lab.exec('nft', 'list', 'counters')
  const all = [...listing.matchAll(/counter members-in\/set-[0-9a-f]{16}-(\d+) \{\s+comment "([0-9a-f ]+)"/g)]
  expect(listing.match(/members-/g)?.length ?? 0).toBe(all.length)
  return all.toSorted(([, a], [, b]) => Number(a) - Number(b)).map(([, , hashes = '']) => hashes.split(' ').length)
}

async function untilLists(expected: readonly number[]): Promise<void> {
  await until(() => lists().join() === expected.join(), () => `${expected.join()}; there are ${lists().join()}`)
}

describe.each(['netlink', 'nft'])('--backend %s', (backend) => {
  const start = async (): Promise<void> => {
    agent = await lab.start('--backend', backend, '--listen', ADDRESS)
  }
  beforeEach(async () => {
    write(15)
    await start()
    lab.open()
  })

  test('what policies had together goes on for those that stay, also when others went while no agent ran', async () => {
    expect(shown()).toEqual(times(15, HITS))
    expect(lists()).toEqual([14, 1])
    await agent.kill('SIGKILL')
    await start()
    expect([shown(), lists()]).toEqual([times(15, HITS), [14, 1]])
    await agent.kill('SIGKILL')
    write(14)
    await start()
    expect([shown(), lists()]).toEqual([times(14, HITS), [14]])
    lab.open()
    expect(shown()).toEqual(times(14, 2 * HITS))
  })

  test('lists come and go with their counter while the agent runs, and with the tables', async () => {
    const { length } = agent.logs
    for (const [count, expected] of [[14, [14]], [3, [3]], [2, []], [15, [14, 1]]] as const) {
      write(count)
      await untilLists(expected)
      expect(shown()).toHaveLength(count)
    }
    expect(agent.logs.slice(length).filter(({ level }) => level > 30)).toEqual([])
    expect(shown()).toEqual([...times(2, HITS), ...times(13, 0)])
    await agent.kill('SIGTERM')
    expect(await vethguard(['cleanup', '--backend', backend], { namespace: lab.namespace })).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(lab.exec('nft', 'list', 'ruleset')).toBe('')
  })
})

test('a list that somebody takes away is there again with the next change, and no hit is lost', async () => {
  write(15)
  agent = await lab.start('--backend', 'nft', '--listen', ADDRESS)
  lab.open()
  const [list = ''] = /members-in\/set-[0-9a-f]{16}-1/.exec(lab.exec('nft', 'list', 'counters')) ?? []
  lab.exec('nft', 'delete', 'counter', 'inet', 'vethguard', list)
  write(14)
  await agent.heard('the tables were recreated')
  expect([shown(), lists()]).toEqual([times(14, HITS), [14]])
})
