// The agents as the chart installs them: the image of the Dockerfile on each node, and Helm's release of charts/vethguard.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { buildHelm, CHART, NAMESPACE, RELEASE, type Values } from '../../chart/helm.ts'
import { IMAGE_NAME } from '../../image/image.ts'
import { inNamespace } from '../../../lab/namespace.ts'
import type { ApiObject } from '../resource-path.ts'
import type { Agents } from './agents.ts'
import type { Cluster } from './cluster.ts'
import { kubectl } from './kubectl.ts'
import { isReady, statusOf } from './pod-object.ts'

/** As users give them; the image is on the nodes already, and no registry is within reach. */
const [REPOSITORY, TAG] = IMAGE_NAME.split(':') as [string, string]
const IMAGE_VALUES: Values = { image: { repository: REPOSITORY, tag: TAG, pullPolicy: 'Never' } }
export const AGENT_PODS = 'app.kubernetes.io/name=vethguard,app.kubernetes.io/component=agent'
const WAIT = ['--wait', '--timeout', '180s']

export class Release implements Agents {
  readonly #cluster: Cluster
  readonly #helm: string

  readonly values: Values
  #isInstalled = false

  /** @param archive of the image; puts it on every node @param values over those of the chart, from now on */
  static async prepare(cluster: Cluster, archive: string, values: Values = {}): Promise<Release> {
    await cluster.load(archive)
    return new Release(cluster, await buildHelm(), { ...IMAGE_VALUES, ...values })
  }

  private constructor(cluster: Cluster, helm: string, values: Values) {
    this.#cluster = cluster
    this.#helm = helm
    this.values = values
  }

  /** @returns when all agents are ready */
  async install(): Promise<void> {
    await this.#run('install', RELEASE, CHART, ...WAIT, ...this.#valueFlags({}))
    this.#isInstalled = true
  }

  /** @returns when all agents are those of the new values, and ready */
  async upgrade(values: Values): Promise<void> {
    await this.#run('upgrade', RELEASE, CHART, ...WAIT, ...this.#valueFlags(values))
  }

  /** @returns what Helm says */
  async test(): Promise<string> {
    return this.#run('test', RELEASE, '--timeout', '180s')
  }

  /** @returns when the cleanup has been on every node */
  async uninstall(): Promise<void> {
    this.#isInstalled = false
    await this.#run('uninstall', RELEASE, ...WAIT)
  }

  /** Of the agents. */
  async pods(): Promise<ApiObject[]> {
    const { items } = await this.#cluster.admin.get(`/api/v1/namespaces/${NAMESPACE}/pods?labelSelector=${AGENT_PODS}`)
    return (items as ApiObject[]).map((pod) => ({ ...pod, apiVersion: 'v1', kind: 'Pod' })) // items of a list do not say what they are
  }

  async assertHealthy(): Promise<void> {
    if (!this.#isInstalled) return
    const pods = await this.pods()
    if (pods.length !== this.#cluster.nodes.length) throw new Error(`${pods.length} agents for ${this.#cluster.nodes.length} nodes`)
    for (const pod of pods) {
      const restarts = statusOf(pod).containerStatuses![0]!.restartCount
      if (!isReady(pod) || restarts > 0) throw new Error(`${pod.metadata.name}: ready ${isReady(pod)}, ${restarts} restarts`)
    }
  }

  async logs(): Promise<ReadonlyMap<string, string>> {
    const logs = new Map<string, string>()
    for (const { metadata: { name }, spec } of await this.pods()) {
      logs.set((spec as { nodeName: string }).nodeName, await kubectl(this.#cluster, 'logs', '--namespace', NAMESPACE, name))
    }
    return logs
  }

  /** The cluster takes everything along. */
  async close(): Promise<void> {
    return Promise.resolve()
  }

  #valueFlags(values: Values): string[] {
    return ['--set-json', JSON.stringify({ ...this.values, ...values })]
  }

  async #run(...args: readonly string[]): Promise<string> {
    const { controlNode, kubeconfig } = this.#cluster
    const { stdout } = await inNamespace(controlNode.namespace, () =>
      promisify(execFile)(this.#helm, [...args, '--kubeconfig', kubeconfig, '--namespace', NAMESPACE]))
    return stdout
  }
}
