// A Kubernetes namespace for one check: real pods on chosen nodes, Services and policies, all removed with it.
import { literalAddress } from '../../../lab/host.ts'
import { deleteNamespaces } from '../../../lab/namespace.ts'
import { ApiError } from '../api-client.ts'
import type { ApiObject } from '../resource-path.ts'
import type { Cluster } from './cluster.ts'
import { namePodNamespace } from './pod-namespace.ts'
import { isReady, podObject, statusOf, type PodOptions } from './pod-object.ts'
import type { Place, Target } from './reach.ts'
import { until } from './until.ts'

export interface TestPod extends Place {
  /** As the API server has it. */
  readonly object: ApiObject
}

export interface ServiceOptions {
  /** Value of the label `app` of its pods. */
  readonly app: string
  readonly spec?: Readonly<Record<string, unknown>>
}

export interface Service extends Target {
  /** For TCP; 0 where it has none. */
  readonly nodePort: number
}


export class Playground {
  readonly name: string
  readonly cluster: Cluster
  readonly #places = new Set<string>()

  static async create(cluster: Cluster, name: string): Promise<Playground> {
    const playground = new Playground(cluster, name)
    await cluster.admin.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
    await playground.#until('service account', () => cluster.admin.get(`/api/v1/namespaces/${name}/serviceaccounts/default`))
    return playground
  }

  private constructor(cluster: Cluster, name: string) {
    this.cluster = cluster
    this.name = name
  }

  /** @returns when it is ready */
  async pod(name: string, options: PodOptions): Promise<TestPod> {
    await this.cluster.admin.create(podObject(this.name, name, options))
    const object = await this.readyPod(name)
    const { podIPs = [], containerStatuses = [] } = statusOf(object)
    const [ipv4, ipv6] = podIPs.map(({ ip }) => literalAddress(ip))
    if (ipv4 === undefined || ipv6 === undefined) throw new Error(`pod ${name} has no address of each family`)
    const namespace = `${this.cluster.prefix}-${this.name}-${name}`
    namePodNamespace(namespace, containerStatuses[0]!.containerID!)
    this.#places.add(namespace)
    return { name, namespace, addresses: { 4: ipv4, 6: ipv6 }, object }
  }

  async readyPod(name: string): Promise<ApiObject> {
    return this.#until(`ready pod ${name}`, async () => {
      const pod = await this.getPod(name)
      return isReady(pod) && pod
    })
  }

  async getPod(name: string): Promise<ApiObject> {
    return this.cluster.admin.get(`/api/v1/namespaces/${this.name}/pods/${name}`)
  }

  /** @returns when nothing is left of it */
  async deletePod({ name, namespace, object }: TestPod): Promise<void> {
    deleteNamespaces([namespace])
    this.#places.delete(namespace)
    await this.cluster.admin.delete(object)
    await this.#until(`end of pod ${name}`, () => isGone(this.getPod(name)))
  }

  /** Makes it or changes it. @param spec of networking.k8s.io/v1 NetworkPolicy */
  async policy(name: string, spec: Readonly<Record<string, unknown>>): Promise<void> {
    await this.cluster.admin.apply(this.#policyObject(name, spec))
  }

  async deletePolicy(name: string): Promise<void> {
    await this.cluster.admin.delete(this.#policyObject(name, {}))
  }

  /** Port 80, TCP and UDP, of both families. @returns it with its addresses */
  async service(name: string, { app, spec = {} }: ServiceOptions): Promise<Service> {
    return serviceOf(await this.cluster.admin.apply({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace: this.name },
      spec: {
        selector: { app },
        ipFamilyPolicy: 'RequireDualStack',
        ports: ['TCP', 'UDP'].map((protocol) => ({ name: protocol.toLowerCase(), protocol, port: 80 })),
        ...spec,
      },
    }))
  }

  /** Returns at once; the cluster removes pods in the background. */
  async close(): Promise<void> {
    deleteNamespaces([...this.#places])
    await this.cluster.admin.delete({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: this.name } })
  }

  #policyObject(name: string, spec: Readonly<Record<string, unknown>>): ApiObject {
    return { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { namespace: this.name, name }, spec }
  }

  async #until<T>(what: string, ask: () => Promise<T | undefined | false>): Promise<T> {
    return until(`${what} in ${this.name}`, ask)
  }
}

function serviceOf({ metadata: { name }, spec }: ApiObject): Service {
  const { clusterIPs, ports } = spec as { clusterIPs: readonly string[]; ports: readonly { nodePort?: number }[] }
  const [ipv4, ipv6] = clusterIPs.map(literalAddress)
  return { name: `service ${name}`, addresses: { 4: ipv4!, 6: ipv6! }, nodePort: ports[0]!.nodePort ?? 0 }
}

async function isGone(request: Promise<unknown>): Promise<boolean> {
  try {
    await request
    return false
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return true
    throw error
  }
}
