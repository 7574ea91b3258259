// A whole Kubernetes cluster on one machine, without Docker: a control plane and nodes with containerd, kubelet, kube-proxy and
// the CNI reference plugins, each in network, mount and process namespaces of its own.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { deleteNamespaces, namespacePrefix, onProcessEnd, sweepNamespaces } from '../../../lab/namespace.ts'
import type { ApiClient } from '../api-client.ts'
import { makeStateFolder, removeStateFolder } from '../state-folder.ts'
import { agnhostImage, PAUSE_IMAGE } from './agnhost-image.ts'
import { CLUSTER_PROGRAMS, installNodePackages, kubernetes, type ClusterProgram } from './binaries.ts'
import { removeCgroups, sweepCgroups } from './cgroups.ts'
import { connectNodes, fabricOf, makeNode, type ClusterNode } from './cluster-node.ts'
import { ControlPlane } from './control-plane.ts'
import { Daemon } from './daemon.ts'
import { containerdSocket, writeNodeFiles, type Cni, type ProxyMode } from './node-files.ts'
import { until } from './until.ts'

export interface ClusterOptions {
  readonly nodes?: number
  readonly cni?: Cni
  readonly proxyMode?: ProxyMode
  /** Of the API server; true by default, as with Kubernetes itself. */
  readonly hasWatchList?: boolean
}

interface NodeStatus {
  readonly conditions?: readonly { readonly type: string; readonly status: string }[]
}


export class Cluster {
  /** Begins the names of all that the cluster makes on this machine. */
  readonly prefix: string
  /** Keys, data and logs. */
  readonly folder: string
  /** Node 0, which has no pods, and the nodes. */
  readonly controlNode: ClusterNode
  readonly nodes: readonly ClusterNode[]
  private readonly options: Required<ClusterOptions>
  private readonly daemons: Daemon[] = []
  private readonly forget: () => void
  private controlPlane: ControlPlane | undefined

  /** Takes about 15 s once Kubernetes is built, and returns when all nodes are ready. */
  static async start(options: ClusterOptions = {}): Promise<Cluster> {
    sweepNamespaces()
    await sweepCgroups()
    await installNodePackages()
    const program = await kubernetes(CLUSTER_PROGRAMS)
    const cluster = new Cluster(options)
    try {
      await cluster.build(program)
    } catch (error) {
      await cluster.close()
      throw error
    }
    return cluster
  }

  private constructor({ nodes = 2, cni = 'ptp', proxyMode = 'nftables', hasWatchList = true }: ClusterOptions) {
    this.options = { nodes, cni, proxyMode, hasWatchList }
    this.prefix = namespacePrefix()
    this.controlNode = makeNode(this.prefix, 0)
    this.nodes = Array.from({ length: nodes }, (_, index) => makeNode(this.prefix, index + 1))
    this.folder = makeStateFolder(this.prefix)
    this.forget = onProcessEnd(() => this.remove())
  }

  get admin(): ApiClient {
    return this.plane.admin
  }

  /** Of a user who may do everything. */
  get kubeconfig(): string {
    return this.plane.adminKubeconfig
  }

  get plane(): ControlPlane {
    if (this.controlPlane === undefined) throw new Error('the cluster has no control plane yet')
    return this.controlPlane
  }

  /** Puts the images of an archive (`docker save`) on every node. */
  async load(archive: string): Promise<void> {
    await Promise.all(this.nodes.map((node) => promisify(execFile)('ctr', [
      '--address', containerdSocket(this.nodeFolder(node)), '--namespace', 'k8s.io', 'images', 'import', archive,
    ])))
  }

  /** Removes everything: killing a node's first process takes all its containers along. */
  async close(): Promise<void> {
    await Promise.all([...this.daemons.map((daemon) => daemon.kill()), this.controlPlane?.close()])
    this.forget()
    this.remove()
    await removeCgroups(this.prefix)
  }

  private remove(): void {
    deleteNamespaces([fabricOf(this.prefix), ...[this.controlNode, ...this.nodes].map(({ namespace }) => namespace)])
    removeStateFolder(this.folder)
  }

  private async build(program: (name: ClusterProgram) => string): Promise<void> {
    connectNodes(this.prefix, [this.controlNode, ...this.nodes])
    const archive = await agnhostImage(this.folder, program('agnhost'))
    const { namespace, address4: address } = this.controlNode
    this.controlPlane = await ControlPlane.start({
      namespace, address, folder: this.folder, flags: [`--feature-gates=WatchList=${this.options.hasWatchList}`],
    })
    this.startControllers(program)
    for (const node of this.nodes) this.startNode(node, program)
    await Promise.all(this.nodes.map((node) => this.containerdReady(node)))
    await this.load(archive)
    await Promise.all(this.nodes.map((node) => this.nodeReady(node)))
    await this.until('default service account', () => this.admin.get('/api/v1/namespaces/default/serviceaccounts/default'))
  }

  private startControllers(program: (name: ClusterProgram) => string): void {
    const { plane } = this
    const kubeconfig = (name: string): string =>
      plane.writeKubeconfig(name, plane.authority.issue(name, { commonName: `system:kube-${name}` }))
    this.daemons.push(
      plane.daemon('kube-controller-manager', [
        program('kube-controller-manager'), '--leader-elect=false', '--use-service-account-credentials',
        `--kubeconfig=${kubeconfig('controller-manager')}`,
        `--root-ca-file=${plane.authority.files.certificateFile}`,
        `--service-account-private-key-file=${plane.tokenKey.keyFile}`,
      ]),
      plane.daemon('kube-scheduler', [program('kube-scheduler'), '--leader-elect=false', `--kubeconfig=${kubeconfig('scheduler')}`]),
    )
  }

  private startNode(node: ClusterNode, program: (name: ClusterProgram) => string): void {
    const { plane, options: { cni, proxyMode } } = this
    const folder = this.nodeFolder(node)
    const proxy = plane.authority.issue('kube-proxy', { commonName: 'system:kube-proxy', organization: 'system:node-proxier' })
    const kubelet = plane.authority.issue(node.name, { commonName: `system:node:${node.name}`, organization: 'system:nodes' })
    plane.writeKubeconfig(node.name, kubelet)
    writeNodeFiles({
      node, folder, cni, proxyMode, pauseImage: `${PAUSE_IMAGE}:latest`, cgroup: this.prefix,
      proxyKubeconfig: plane.writeKubeconfig('kube-proxy', proxy),
      authorityFile: plane.authority.files.certificateFile,
    })
    this.daemons.push(new Daemon({
      namespace: node.namespace,
      logFile: join(folder, 'machine.log'),
      argv: [
        'unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc',
        join(import.meta.dirname, 'tools', 'machine.sh'), folder, program('kubelet'), program('kube-proxy'),
        node.name, `${node.address4},${node.address6}`,
      ],
    }))
  }

  private async containerdReady(node: ClusterNode): Promise<void> {
    const socket = containerdSocket(this.nodeFolder(node))
    await this.until(`containerd on ${node.name}`, () => promisify(execFile)('ctr', ['--address', socket, 'version']))
  }

  private async nodeReady({ name, podRange4, podRange6 }: ClusterNode): Promise<void> {
    const node = { apiVersion: 'v1', kind: 'Node', metadata: { name } }
    await this.until(`node ${name}`, () => this.admin.get(`/api/v1/nodes/${name}`))
    await this.admin.merge(node, { spec: { podCIDR: podRange4, podCIDRs: [podRange4, podRange6] } })
    await this.until(`ready node ${name}`, async () => {
      const { status } = await this.admin.get(`/api/v1/nodes/${name}`)
      return (status as NodeStatus).conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')
    })
  }

  private async until<T>(what: string, ask: () => Promise<T | undefined | false>): Promise<T> {
    return until(what, ask, () => this.daemons.forEach((daemon) => daemon.assertRunning()))
  }

  private nodeFolder({ name }: ClusterNode): string {
    return join(this.folder, name)
  }
}
