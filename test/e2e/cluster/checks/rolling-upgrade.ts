// `helm upgrade` replaces one agent after the other; no packet is to notice.
import { setTimeout as sleep } from 'node:timers/promises'
import { PacketStream, type StreamCounts } from '../packet-stream.ts'
import { expectReach } from '../reach.ts'
import type { Release } from '../release.ts'
import { Unexpected } from '../unexpected.ts'
import type { Check } from './check.ts'
import { appPeer } from './ranges.ts'

const [ALLOWED_PORT, DENIED_PORT] = [7001, 7002]
/** Probes before and after, so that the streams are known to work. */
const AROUND_MS = 2000
/** With fewer probes nothing was shown. */
const LEAST = 1000

export function rollingUpgrade(release: Release): Check {
  return {
    name: 'helm upgrade: agents are replaced one by one, and probes every 2 ms see no leak and no wrong drop',
    needsAgent: true,
    async run({ playground, nodes: [near, far], say }) {
      await playground.policy('server', { podSelector: { matchLabels: { app: 'server' } }, ingress: [{ from: [appPeer('client')] }] })
      const label = { labels: { app: 'server' } }
      const servers = [await playground.pod('server-near', { node: near.name, ...label }), await playground.pod('server-far', { node: far.name, ...label })]
      const client = await playground.pod('client', { node: near.name })
      const stranger = await playground.pod('stranger', { node: far.name })
      await expectReach(servers.flatMap((to) => [{ from: client, to, outcome: 'open' as const }, { from: stranger, to, outcome: 'timeout' as const }]))
      const before = await namesOf(release)
      const streams = [
        ...servers.map((to, lane) => ({ stream: new PacketStream({ from: client, to, port: ALLOWED_PORT, lane }), isAllowed: true })),
        ...servers.map((to, lane) => ({ stream: new PacketStream({ from: stranger, to, port: DENIED_PORT, lane }), isAllowed: false })),
      ]
      let wrong: string[]
      try {
        await sleep(AROUND_MS)
        await release.upgrade({ podAnnotations: { upgraded: 'yes' } })
        await sleep(AROUND_MS)
      } finally {
        const judged = await Promise.all(streams.map(async ({ stream, isAllowed }) => judge(stream, await stream.stop(), isAllowed)))
        judged.forEach(({ line }) => say(line))
        wrong = judged.filter(({ isRight }) => !isRight).map(({ line }) => line)
      }
      if (wrong.length > 0) throw new Unexpected(wrong)
      const after = await namesOf(release)
      if (after.some((name) => before.includes(name))) throw new Unexpected([`not all agents were replaced: ${before.join()} -> ${after.join()}`])
    },
  }
}

function judge({ name }: PacketStream, counts: StreamCounts, isAllowed: boolean): { readonly line: string; readonly isRight: boolean } {
  const { sent, arrived, answered, longestPauseMs } = counts
  const expected = isAllowed ? sent : 0
  return {
    line: `${name}: ${sent} sent (longest pause ${longestPauseMs.toFixed(0)} ms), ${arrived} arrived, ${answered} answered`,
    isRight: sent >= LEAST && arrived === expected && answered === expected,
  }
}

async function namesOf(release: Release): Promise<string[]> {
  return (await release.pods()).map(({ metadata: { name } }) => name)
}
