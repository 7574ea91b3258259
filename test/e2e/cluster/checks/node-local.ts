// A node and its own pods: whatever policies say, they reach each other; another node's pods are judged like anybody.
import { expectReach } from '../reach.ts'
import { rangesOf } from './ranges.ts'
import type { Check } from './check.ts'

const KUBELET_PORT = 10250

export const NODE_LOCAL: Check = {
  name: 'a node reaches its own pods under default deny, and they reach it; other nodes only by ipBlock',
  needsAgent: true,
  async run({ playground, nodes: [near, far] }) {
    await playground.policy('deny-all', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] })
    const pod = await playground.pod('server', { node: near.name })
    await expectReach([
      { from: near, to: pod, outcome: 'open' },
      { from: near, to: pod, protocol: 'UDP', outcome: 'open' },
      { from: far, to: pod, outcome: 'timeout' },
      { from: pod, to: near, port: KUBELET_PORT, outcome: 'open' },
      { from: pod, to: far, port: KUBELET_PORT, outcome: 'timeout' },
    ])
    await playground.policy('far-node', {
      podSelector: {},
      ingress: [{ from: rangesOf(far) }],
      egress: [{ to: rangesOf(far), ports: [{ port: KUBELET_PORT }] }],
    })
    await expectReach([
      { from: far, to: pod, outcome: 'open' },
      { from: pod, to: far, port: KUBELET_PORT, outcome: 'open' },
      { from: pod, to: far, port: KUBELET_PORT + 6, outcome: 'timeout' }, // kube-proxy's
    ])
  },
}
