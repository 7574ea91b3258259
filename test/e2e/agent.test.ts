// The real agent against a real API server: two lab nodes, least rights, real packets.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Lab } from '../lab/lab.ts'
import { Prober, type Verdict } from '../lab/prober.ts'
import { AGENT_RULES } from './account.ts'
import { ApiServer } from './api-server.ts'
import type { Daemon } from './cluster/daemon.ts'
import { labPodObjects } from './lab-pod.ts'
import { startNodeAgent } from './node-agent.ts'

const state: { lab?: Lab; prober?: Prober; server?: ApiServer; agents?: Daemon[]; folder?: string } = {}

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'vethguard-agent-'))
  const lab = Lab.create({ nodes: 2, podsPerNode: 2 })
  state.folder = folder
  state.lab = lab
  state.prober = new Prober(lab)
  const server = await ApiServer.start({ namespaces: lab.nodes.map(({ namespace }) => namespace) })
  state.server = server
  const { kubeconfig } = await server.createAccount('vethguard', AGENT_RULES)
  await server.admin.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } })
  for (const [index, pod] of lab.pods.entries()) {
    const { pod: object, status } = labPodObjects(pod, { namespace: 'shop', labels: { app: index === 0 ? 'server' : `client-${index}` }, ports: [] })
    await server.admin.apply(object)
    await server.admin.mergeStatus(object, status)
  }
  state.agents = lab.nodes.map(({ name, namespace }) => startNodeAgent({ nodeName: name, namespace, kubeconfig, folder }))
})
afterAll(async () => {
  for (const agent of state.agents ?? []) await agent.kill()
  await state.server?.close()
  state.prober?.close()
  state.lab?.close()
  if (state.folder !== undefined) rmSync(state.folder, { recursive: true })
})

/** From every other pod to the server. */
function verdicts(family: 4 | 6): Verdict[] {
  const [server, ...clients] = state.lab!.pods
  return state.prober!.judge(clients.map((from) => ({ from, to: server!, probe: { protocol: 'TCP', port: 80, family } }))).map(({ verdict }) => verdict)
}

async function become(expected: readonly Verdict[]): Promise<void> {
  const deadline = performance.now() + 10_000
  while (performance.now() < deadline && ([4, 6] as const).some((family) => verdicts(family).join() !== expected.join())) {
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  for (const family of [4, 6] as const) expect({ family, verdicts: verdicts(family) }).toEqual({ family, verdicts: expected })
}

const DENY = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { namespace: 'shop', name: 'server' },
  spec: { podSelector: { matchLabels: { app: 'server' } }, policyTypes: ['Ingress'] },
}

test('policies of a real API server are in force on both nodes, as they come, change and go', async () => {
  const { admin } = state.server!
  await become(['allowed', 'allowed', 'allowed'])
  await admin.apply(DENY)
  await become(['denied', 'denied', 'denied'])
  await admin.apply({ ...DENY, spec: { ...DENY.spec, ingress: [{ from: [{ podSelector: { matchLabels: { app: 'client-2' } } }] }] } })
  await become(['denied', 'allowed', 'denied'])
  await admin.delete(DENY)
  await become(['allowed', 'allowed', 'allowed'])
})
