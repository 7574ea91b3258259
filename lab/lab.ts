// The whole lab: nodes with pods, external hosts, and the fabric, one bridge that all their uplinks are ports of.
//
//   pod0-0 ── veth0 ┐                                     ┌ veth0 ── pod1-0
//   pod0-1 ── veth1 ┤ node0 eth0 ── [ fabric ] ── eth0 node1 ...
//                                       └── external0
import { writeFileSync } from 'node:fs'
import { externalLines, externalNodeLines, makeExternal } from './external.ts'
import { flushConntrack } from './conntrack.ts'
import type { Host } from './host.ts'
import {
  createNamespaces, deleteNamespaces, exec, inNamespace, ipBatch, namespacePrefix, onProcessEnd, sweepNamespaces,
} from './namespace.ts'
import { bridgeLines, makeNode, NODE_SYSCTLS, uplinkLines, type LabNode, type Layout } from './node.ts'
import { makePod, podBridgeLines, podLines, podLinkLine, podNodeLines, type LabPod } from './pod.ts'

export interface LabOptions {
  readonly layout?: Layout
  readonly nodes?: number
  readonly podsPerNode?: number
  /** How many hosts outside the cluster. */
  readonly external?: number
  /** The lab outlives this process (for people to look around in); they remove it by deleting its namespaces. */
  readonly keep?: boolean
}

/** Settings under /proc/sys/net of every namespace: addresses are usable at once, and nobody talks unasked. */
const SYSCTLS: Readonly<Record<string, string>> = {
  'ipv6/conf/all/accept_dad': '0',
  'ipv6/conf/default/accept_dad': '0',
  'ipv6/conf/default/router_solicitations': '0',
  'bridge/bridge-nf-call-iptables': '0',
  'bridge/bridge-nf-call-ip6tables': '0',
}

export class Lab {
  readonly nodes: readonly LabNode[]
  /** All pods, those of node 0 first. */
  readonly pods: readonly LabPod[]
  readonly externals: readonly Host[]
  /** The bridge between the nodes; nothing of a cluster is in there. */
  readonly fabric: string
  private readonly forget: () => void

  private constructor(options: LabOptions) {
    const { layout = 'routed', nodes = 1, podsPerNode = 10, external = 0, keep = false } = options
    const prefix = namespacePrefix(keep)
    this.fabric = `${prefix}-fabric`
    this.nodes = Array.from({ length: nodes }, (_, index) => makeNode(prefix, index, layout))
    this.pods = this.nodes.flatMap((node) => Array.from({ length: podsPerNode }, (_, index) => makePod(prefix, node, index)))
    this.externals = Array.from({ length: external }, (_, index) => makeExternal(prefix, index))
    this.forget = keep ? () => undefined : onProcessEnd(() => deleteNamespaces(this.namespaces))
  }

  /** Builds a lab; takes about 0.1 s for ten pods. Without a ruleset everybody in it reaches everybody. */
  static create(options: LabOptions = {}): Lab {
    sweepNamespaces()
    const lab = new Lab(options)
    try {
      lab.build()
    } catch (error) {
      lab.close()
      throw error
    }
    return lab
  }

  get namespaces(): string[] {
    return [this.fabric, ...[...this.nodes, ...this.pods, ...this.externals].map(({ namespace }) => namespace)]
  }

  /** Forgets every connection of a node. */
  flushConntrack(node: LabNode): void {
    flushConntrack(node.namespace)
  }

  close(): void {
    this.forget()
    deleteNamespaces(this.namespaces)
  }

  private build(): void {
    createNamespaces(this.namespaces)
    for (const namespace of this.namespaces) writeSysctls(namespace, SYSCTLS)
    for (const { namespace } of this.nodes) writeSysctls(namespace, NODE_SYSCTLS)
    ipBatch(this.fabric, ['link set lo up', 'link add lan type bridge stp_state 0', 'link set lan up'])
    ipBatch(undefined, [...this.uplinked.map((host, port) => this.uplinkLine(host, port)), ...this.pods.map(podLinkLine)])
    ipBatch(this.fabric, this.uplinked.flatMap((_, port) => [`link set port${port} master lan`, `link set port${port} up`]))
    for (const node of this.nodes) this.buildNode(node)
    for (const pod of this.pods) ipBatch(pod.namespace, podLines(pod))
    for (const host of this.externals) ipBatch(host.namespace, externalLines(host, this.nodes))
    bridgeBatch(this.fabric, this.uplinked.map(({ mac }, port) => `fdb replace ${mac} dev port${port} master static`))
  }

  private buildNode(node: LabNode): void {
    const pods = this.pods.filter((pod) => pod.node === node)
    ipBatch(node.namespace, [
      'link set lo up',
      ...bridgeLines(node),
      ...uplinkLines(node, this.nodes),
      ...this.externals.flatMap(externalNodeLines),
      ...pods.flatMap(podNodeLines),
    ])
    bridgeBatch(node.namespace, pods.flatMap(podBridgeLines))
  }

  private get uplinked(): (LabNode | Host)[] {
    return [...this.nodes, ...this.externals]
  }

  private uplinkLine(host: LabNode | Host, port: number): string {
    return `link add port${port} netns ${this.fabric} type veth peer name eth0 address ${host.mac} netns ${host.namespace}`
  }
}

function writeSysctls(namespace: string, settings: Readonly<Record<string, string>>): void {
  inNamespace(namespace, () => {
    for (const [name, value] of Object.entries(settings)) writeFileSync(`/proc/sys/net/${name}`, value)
  })
}

function bridgeBatch(namespace: string, lines: readonly string[]): void {
  if (lines.length > 0) exec(namespace, ['bridge', '-batch', '-'], lines.join('\n'))
}
