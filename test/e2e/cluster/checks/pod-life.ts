// Pods that come, go and start again under policies that were there before.
import { dial } from '../../../../lab/client.ts'
import { until } from '../until.ts'
import { expectReach } from '../reach.ts'
import { statusOf } from '../pod-object.ts'
import type { Check } from './check.ts'
import { appPeer } from './ranges.ts'

export const REPLACED_POD: Check = {
  name: 'a pod deleted and made again under its name, with a new address, on another node: judged as before, on both sides',
  needsAgent: true,
  async run({ playground, nodes: [near, far] }) {
    await playground.policy('server', { podSelector: { matchLabels: { app: 'server' } }, ingress: [{ from: [appPeer('client')] }] })
    let server = await playground.pod('server', { node: near.name })
    let client = await playground.pod('client', { node: far.name })
    const stranger = await playground.pod('stranger', { node: far.name })
    const expectJudged = async (): Promise<void> => expectReach([
      { from: client, to: server, outcome: 'open' },
      { from: stranger, to: server, outcome: 'timeout' },
      { from: server, to: stranger, outcome: 'open' },
    ])
    await expectJudged()
    await playground.deletePod(server)
    server = await playground.pod('server', { node: far.name })
    await expectJudged()
    await playground.deletePod(client)
    client = await playground.pod('client', { node: near.name })
    await expectJudged()
  },
}

export const RESTARTED_CONTAINER: Check = {
  name: 'a container that starts again in its pod: the pod keeps its address and its judgement',
  needsAgent: true,
  async run({ playground, nodes: [near, far] }) {
    await playground.policy('server', { podSelector: { matchLabels: { app: 'server' } }, ingress: [{ from: [appPeer('client')] }] })
    const server = await playground.pod('server', { node: near.name })
    const client = await playground.pod('client', { node: far.name })
    const stranger = await playground.pod('stranger', { node: near.name })
    dial(near.namespace, server.addresses[4], 80).on('error', () => undefined).end('GET /exit HTTP/1.0\r\n\r\n')
    await until('restart of the container', async () => statusOf(await playground.getPod('server')).containerStatuses![0]!.restartCount === 1)
    await playground.readyPod('server')
    await expectReach([
      { from: client, to: server, outcome: 'open' },
      { from: stranger, to: server, outcome: 'timeout' },
    ])
  },
}
