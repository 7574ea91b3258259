// kubelet's probes of all kinds, of pods that nobody else may reach.
import { setTimeout as sleep } from 'node:timers/promises'
import { isReady, statusOf, type PodOptions } from '../pod-object.ts'
import { expectReach } from '../reach.ts'
import { Unexpected } from '../unexpected.ts'
import type { Check } from './check.ts'

const TIMING = { periodSeconds: 1, failureThreshold: 3, timeoutSeconds: 5 }
/** Several periods, in which failures would show. */
const WATCH_MS = 10_000

const KINDS: Readonly<Record<string, Pick<PodOptions, 'args' | 'container'>>> = {
  http: probed({ httpGet: { path: '/healthz', port: 80 } }),
  tcp: probed({ tcpSocket: { port: 80 } }),
  exec: probed({ exec: { command: ['/agnhost', 'connect', '127.0.0.1:80', '--timeout=1s'] } }),
  grpc: { args: ['grpc-health-checking', '--port=5000', '--http-port=80'], ...probed({ grpc: { port: 5000 } }) },
}

export const KUBELET_PROBES: Check = {
  name: 'kubelet probes (httpGet, tcpSocket, exec, grpc) work under default deny of both directions',
  needsAgent: true,
  async run({ playground, nodes: [near, far] }) {
    await playground.policy('deny-all', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] })
    const pods = await Promise.all(Object.entries(KINDS).map(([name, options]) => playground.pod(name, { node: near.name, ...options })))
    await sleep(WATCH_MS)
    for (const { name } of pods) {
      const pod = await playground.getPod(name)
      const restarts = statusOf(pod).containerStatuses![0]!.restartCount
      if (!isReady(pod) || restarts > 0) throw new Unexpected([`${name}: ready ${isReady(pod)}, ${restarts} restarts`])
    }
    await expectReach(pods.map((pod) => ({ from: far, to: pod, outcome: 'timeout' })))
  },
}

function probed(probe: object): Pick<PodOptions, 'container'> {
  return { container: { startupProbe: { ...probe, ...TIMING }, readinessProbe: { ...probe, ...TIMING }, livenessProbe: { ...probe, ...TIMING } } }
}
