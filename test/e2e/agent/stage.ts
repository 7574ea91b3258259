// What tests of the agent play on: two lab nodes, an agent process on each, and a real API server that both read with least rights.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Host } from '../../../lab/host.ts'
import { Lab } from '../../../lab/lab.ts'
import { until } from '../../../lab/patience.ts'
import type { LabPod } from '../../../lab/pod.ts'
import { type Probe, Prober } from '../../../lab/prober.ts'
import { ALL_PROBES, evaluatorOnNodes, wrongCells } from '../../packets/expected.ts'
import type { Account } from '../account.ts'
import { AGENT_RULES } from '../account.ts'
import { ApiServer } from '../api-server.ts'
import { labPodObjects, type LabPodOptions } from '../lab-pod.ts'
import { AgentProcess } from './agent-process.ts'
import { storedCluster } from './stored-cluster.ts'

export interface StageOptions {
  readonly podsPerNode?: number
  readonly externals?: number
  /** More flags of kube-apiserver. */
  readonly serverFlags?: readonly string[]
}

export class Stage {
  readonly lab: Lab
  readonly prober: Prober
  readonly server: ApiServer
  /** That of the agents; has the rights that the chart grants. */
  readonly account: Account
  /** For logs and files of the test. */
  readonly folder: string
  agents: readonly AgentProcess[] = []

  /** Everything but the agents. */
  static async open({ podsPerNode = 2, externals = 0, serverFlags = [] }: StageOptions = {}): Promise<Stage> {
    const lab = Lab.create({ nodes: 2, podsPerNode, external: externals })
    try {
      const server = await ApiServer.start({ namespaces: lab.nodes.map(({ namespace }) => namespace), flags: serverFlags })
      return new Stage(lab, server, await server.createAccount('vethguard', AGENT_RULES))
    } catch (error) {
      lab.close()
      throw error
    }
  }

  private constructor(lab: Lab, server: ApiServer, account: Account) {
    this.lab = lab
    this.server = server
    this.account = account
    this.prober = new Prober(lab)
    this.folder = mkdtempSync(join(tmpdir(), 'vethguard-stage-'))
  }

  /** Pods and external hosts: everybody who sends and receives. */
  get hosts(): Host[] {
    return [...this.lab.pods, ...this.lab.externals]
  }

  /** One on each node; returns at once. */
  startAgents({ kubeconfig = this.account.kubeconfig, flags = [] }: { kubeconfig?: string; flags?: readonly string[] } = {}): void {
    this.agents = this.lab.nodes.map((node) => new AgentProcess({ node, kubeconfig, folder: this.folder, flags }))
  }

  /** Until both agents have brought their node in step. */
  async enforcing(): Promise<void> {
    await Promise.all(this.agents.map((agent) => agent.says('enforcing')))
  }

  async endAgents(): Promise<void> {
    await Promise.all(this.agents.map((agent) => agent.kill()))
    this.agents = []
  }

  async addNamespace(name: string, labels: Record<string, string> = {}): Promise<void> {
    await this.server.admin.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } })
  }

  /** Creates the pod, or gives it these labels; it runs, as its status says. */
  async addPod(pod: LabPod, options: LabPodOptions): Promise<void> {
    const { pod: object, status } = labPodObjects(pod, options)
    await this.server.admin.apply(object)
    await this.server.admin.mergeStatus(object, status)
  }

  /** @returns a function that looks which packets pass, or do not, against what the API server had stored at the time of this call */
  async judge(probes: readonly Probe[] = ALL_PROBES): Promise<() => string[]> {
    const evaluate = evaluatorOnNodes(await storedCluster(this.server.admin), this.lab.nodes.map(({ name }) => name))
    return () => wrongCells(this.prober.matrix(this.hosts, probes), evaluate)
  }

  /**
   * Waits until every packet passes, or does not, as what the API server has stored says.
   * @throws Error with those that do not, and what the agents have said
   */
  async inForce(probes?: readonly Probe[]): Promise<void> {
    const wrongPackets = await this.judge(probes)
    let wrong: string[] = []
    const isRight = (): boolean => {
      wrong = wrongPackets()
      return wrong.length === 0
    }
    await until(isRight, () => `packets to do what is stored:\n${[...wrong, ...this.agents.map((agent) => agent.hear())].join('\n')}`)
  }

  async close(): Promise<void> {
    await this.endAgents()
    await this.server.close()
    this.prober.close()
    this.lab.close()
    rmSync(this.folder, { recursive: true, force: true })
  }
}
