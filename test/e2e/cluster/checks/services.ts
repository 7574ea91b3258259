// Policies name pods; packets name Services. Each judgement is to be that of the pod behind the Service.
import { expectReach } from '../reach.ts'
import type { Check, World } from './check.ts'
import { appPeer, rangesOf } from './ranges.ts'

export const CLUSTER_IP: Check = {
  name: 'ClusterIP: judged by the pod behind it, from the same node and from another, both directions',
  needsAgent: true,
  async run({ playground, nodes: [near, far] }) {
    const server = await playground.pod('server', { node: near.name })
    const clients = [
      await playground.pod('client-near', { node: near.name, labels: { app: 'client' } }),
      await playground.pod('client-far', { node: far.name, labels: { app: 'client' } }),
    ]
    const strangers = [
      await playground.pod('stranger-near', { node: near.name }),
      await playground.pod('stranger-far', { node: far.name }),
    ]
    const service = await playground.service('server', { app: 'server' })
    const both = [service, server]
    await playground.policy('server', { podSelector: { matchLabels: { app: 'server' } }, ingress: [{ from: [appPeer('client')] }] })
    await playground.policy('client', {
      podSelector: { matchLabels: { app: 'client' } }, policyTypes: ['Egress'],
      egress: [{ to: [appPeer('server')], ports: [{ port: 80 }, { port: 80, protocol: 'UDP' }] }],
    })
    await expectReach([
      ...clients.flatMap((from) => both.map((to) => ({ from, to, outcome: 'open' as const }))),
      ...clients.map((from) => ({ from, to: service, protocol: 'UDP' as const, outcome: 'open' as const })),
      ...clients.map((from) => ({ from, to: strangers[0]!, outcome: 'timeout' as const })),
      ...strangers.flatMap((from) => both.map((to) => ({ from, to, outcome: 'timeout' as const }))),
      ...strangers.map((from) => ({ from, to: service, protocol: 'UDP' as const, outcome: 'timeout' as const })),
    ])
  },
}

export const HAIRPIN: Check = {
  name: 'a pod reaches itself through its Service under default deny of both directions',
  needsAgent: true,
  async run({ playground, nodes: [near] }) {
    await playground.policy('deny-all', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] })
    const pod = await playground.pod('server', { node: near.name })
    const other = await playground.pod('other', { node: near.name })
    const service = await playground.service('server', { app: 'server' })
    await expectReach([
      { from: pod, to: service, outcome: 'open' },
      { from: pod, to: service, protocol: 'UDP', outcome: 'open' },
      { from: other, to: service, outcome: 'timeout' },
    ])
  },
}

export const NODE_PORT: Check = {
  name: 'NodePort: the client is judged by its own address where the node keeps it (externalTrafficPolicy Local, or the pod is there)',
  needsAgent: true,
  async run(world) {
    const { playground, nodes: [near, far], outside } = world
    await playground.pod('server', { node: near.name })
    const cluster = await playground.service('cluster', { app: 'server', spec: { type: 'NodePort' } })
    const local = await playground.service('local', { app: 'server', spec: { type: 'NodePort', externalTrafficPolicy: 'Local' } })
    const [clusterPort, localPort] = [{ port: cluster.nodePort }, { port: local.nodePort }]
    const expectAll = async (outcome: 'open' | 'timeout'): Promise<void> => expectReach([
      { from: outside, to: near, ...clusterPort, outcome },
      { from: outside, to: near, ...localPort, outcome },
    ])
    await expectAll('open') // kube-proxy is ready
    await allow(world, [far]) // the machine that masks the client, when the pod is not there
    await expectAll('timeout')
    await expectReach([{ from: outside, to: far, ...clusterPort, outcome: 'open' }])
    await allow(world, [outside])
    await expectAll('open')
    await expectReach([{ from: outside, to: far, ...clusterPort, outcome: 'timeout' }])
  },
}

async function allow({ playground }: World, places: readonly World['outside'][]): Promise<void> {
  await playground.policy('server', { podSelector: { matchLabels: { app: 'server' } }, ingress: [{ from: places.flatMap(rangesOf) }] })
}
