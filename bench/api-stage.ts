// What the latency through a real API server is measured on: a pod on a node with an agent, and its client on another node.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { AGENT_RULES } from '../test/e2e/account.ts'
import { ApiServer } from '../test/e2e/api-server.ts'
import { type Extreme, extremes, LONG_LABEL } from '../test/e2e/agent/extreme-objects.ts'
import type { Daemon } from '../test/e2e/cluster/daemon.ts'
import { labPodObjects } from '../test/e2e/lab-pod.ts'
import { startNodeAgent } from '../test/e2e/node-agent.ts'
import type { ApiObject } from '../test/e2e/resource-path.ts'
import { addressTexts } from '../lab/host.ts'
import { Lab } from '../lab/lab.ts'
import { Prober } from '../lab/prober.ts'
import { type ApiWorld, fill } from './api-fill.ts'

const NAMESPACE = 'shop'
const PORT = 80
/** That `next` lets everybody in to. */
export const NEXT_PORT = 79
const PATIENCE_MS = 60_000
const TICKS_PER_SECOND = 100 // USER_HZ, the same for every kernel
const SERVER = { app: 'server' }
const FRIEND = { role: 'friend', ...LONG_LABEL }
const STRANGER = { role: 'stranger' }
const POLICY: ApiObject = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { namespace: NAMESPACE, name: 'server' },
  spec: { podSelector: { matchLabels: SERVER }, ingress: ingressFrom(FRIEND) },
}

const NEXT: ApiObject = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { namespace: NAMESPACE, name: 'next' },
  spec: { podSelector: { matchLabels: SERVER }, ingress: [{ ports: [{ port: NEXT_PORT }] }] },
}

export class ApiStage {
  /** One more policy, which opens a port. */
  readonly next = NEXT
  readonly server: ApiServer
  readonly #lab: Lab
  readonly #prober: Prober
  readonly #folder = mkdtempSync(join(tmpdir(), 'vethguard-latency-'))
  #agent: Daemon | undefined

  /** Everything is in place, and the agent has been started. */
  static async start(world: ApiWorld): Promise<ApiStage> {
    const lab = Lab.create({ nodes: 2, podsPerNode: 1 })
    const stage = new ApiStage(lab, await ApiServer.start({ namespaces: [lab.nodes[0]!.namespace] }))
    try {
      await stage.#populate(world)
      await stage.#startAgent()
    } catch (error) {
      await stage.close()
      throw error
    }
    return stage
  }

  private constructor(lab: Lab, server: ApiServer) {
    this.#lab = lab
    this.#prober = new Prober(lab)
    this.server = server
  }

  label(friendly: boolean): Promise<unknown> {
    return this.server.admin.merge(this.#client.pod, { metadata: { labels: friendly ? FRIEND : STRANGER } })
  }

  rewrite(lenient: boolean): Promise<unknown> {
    return this.server.admin.merge(POLICY, { spec: { ingress: ingressFrom(lenient ? FRIEND : { role: 'nobody' }) } })
  }

  async createClient(): Promise<unknown> {
    const { pod, status } = this.#client
    await this.server.admin.create(pod)
    return this.server.admin.mergeStatus(pod, status)
  }

  deleteClient(): Promise<unknown> {
    return this.server.admin.delete(this.#client.pod)
  }

  /** Policies that let the client in to port 80, and are extreme; see the tests. */
  extremes(): Extreme[] {
    return extremes(NAMESPACE, SERVER, addressTexts(this.#lab.pods[1]!)[0])
  }

  /** Sends new connections from the client to the pod until one is judged so. @throws Error after a minute */
  async until(verdict: 'allowed' | 'denied', port = PORT): Promise<void> {
    const [to, from] = this.#lab.pods
    const deadline = performance.now() + PATIENCE_MS
    while (this.#prober.probe({ from: from!, to: to!, probe: { protocol: 'TCP', port, family: 4 } }) !== verdict) {
      if (performance.now() > deadline) throw new Error(`the client is not ${verdict}: ${this.#agent?.logTail()}`)
      await turn()
    }
  }

  /** User and system time of the agent so far, to 10 ms (proc(5)). */
  agentCpuMs(): number {
    const stat = readFileSync(`/proc/${this.#agent?.pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) * (1000 / TICKS_PER_SECOND)
  }

  async close(): Promise<void> {
    await this.#agent?.kill()
    this.#prober.close()
    await this.server.close()
    this.#lab.close()
    rmSync(this.#folder, { recursive: true })
  }

  get #client(): ReturnType<typeof labPodObjects> {
    return labPodObjects(this.#lab.pods[1]!, { namespace: NAMESPACE, labels: FRIEND })
  }

  async #populate(world: ApiWorld): Promise<void> {
    const { admin } = this.server
    await admin.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } })
    const { pod, status } = labPodObjects(this.#lab.pods[0]!, { namespace: NAMESPACE, labels: SERVER })
    await admin.create(pod)
    await admin.mergeStatus(pod, status)
    await this.createClient()
    await admin.create(POLICY)
    await fill(admin, NAMESPACE, world)
  }

  async #startAgent(): Promise<void> {
    const { kubeconfig } = await this.server.createAccount('vethguard', AGENT_RULES)
    const { name, namespace } = this.#lab.nodes[0]!
    this.#agent = startNodeAgent({ nodeName: name, namespace, kubeconfig, folder: this.#folder })
    await this.rewrite(false)
    await this.until('denied')
    await this.rewrite(true)
  }
}

function ingressFrom(labels: Record<string, string>): object[] {
  return [{ from: [{ podSelector: { matchLabels: labels } }] }]
}
