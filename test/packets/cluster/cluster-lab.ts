// A lab for ClusterNetworkPolicies: two nodes that enforce, answer on their own addresses, and have one that their objects do not have;
// and a host outside.
import { familyOf } from '../../../src/cluster/address.ts'
import { addressOf as addressOfHost, addressTexts, type Host, literalAddress, podNetworkAddress } from '../../../lab/host.ts'
import { ipBatch } from '../../../lab/namespace.ts'
import { gatewaysOf, type LabNode, type Layout } from '../../../lab/node.ts'
import type { Attempt } from '../../../lab/prober.ts'
import { Servers } from '../../../lab/servers.ts'
import { type Cell, changesOf, listCells } from '../../situations/cells.ts'
import { addressOf, cellsOf, type ClusterPlace, homeOf, NODE_PORTS, type NodePlace } from '../../situations/cluster/place.ts'
import { bothNodes } from '../../situations/cluster/specs.ts'
import { type End, fixtureObjects, type KubeObject, PODS } from '../../situations/fixture.ts'
import { type Check, isPod } from '../../situations/situation.ts'
import { EnforcedLab } from '../enforced-lab.ts'

/** Bridged pods are on one node all, so that they are neighbours. */
const PODS_PER_NODE: Readonly<Record<Layout, number>> = { routed: 5, bridge: PODS.length }

export class ClusterLab extends EnforcedLab {
  readonly servers = new Servers()

  private constructor(layout: Layout) {
    super({ layout, nodes: 2, podsPerNode: PODS_PER_NODE[layout], external: 1 })
  }

  static async create(layout: Layout): Promise<ClusterLab> {
    const lab = new ClusterLab(layout)
    for (const node of lab.lab.nodes) {
      if (layout === 'routed') ipBatch(node.namespace, gatewayTexts(node).map((address) => `addr add ${address} dev lo`))
      for (const port of NODE_PORTS) await lab.servers.listen(node.namespace, 'TCP', port)
    }
    return lab
  }

  place(family: ClusterPlace['family']): ClusterPlace {
    const [first, second] = this.lab.nodes.map(nodePlace)
    const [outside] = this.lab.externals
    return { family, slots: this.pool.slots, nodes: [first!, second!], outside: addressesOf(outside!) }
  }

  /** Begins anew with the fixture, both nodes and these objects. */
  async enforce(place: ClusterPlace, objects: readonly KubeObject[], problems: readonly string[] = []): Promise<void> {
    await this.load(changesOf({ objects: [...fixtureObjects(place), ...bothNodes(place), ...objects], problems, checks: [] }))
  }

  /** The machine that an end is. */
  hostOf(end: End, place: ClusterPlace, nearby: End = end): Host {
    if (isPod(end)) return this.lab.pods[PODS.indexOf(end)]!
    if (end === 'outside') return this.lab.externals[0]!
    if (end === 'gateway') return this.lab.nodes.find(({ name }) => name === homeOf(place, nearby).name)!
    return this.lab.nodes[end === 'node0' ? 0 : 1]!
  }

  attempt(place: ClusterPlace, { from, to }: Cell, { protocol, port }: Pick<Check, 'protocol' | 'port'>): Attempt {
    const target = this.hostOf(to, place, from)
    const destination = addressOf(place, to, from)
    return {
      from: this.hostOf(from, place),
      to: target,
      probe: { protocol, port, family: place.family },
      ...(destination !== addressOfHost(target, familyOf(destination)) && { destinationAddress: destination }),
    }
  }

  /** The cells of a check that are open, with answers. @throws Error if an answer did not come back */
  open(place: ClusterPlace, check: Check): string[] {
    const cells = cellsOf(check)
    const verdicts = this.prober.judge(cells.map((cell) => this.attempt(place, cell, check))).map(({ verdict }) => verdict)
    const lost = listCells(cells, (_, index) => verdicts[index] === 'no-answer')
    if (lost.length > 0) throw new Error(`no answer came back: ${lost.join(', ')}`)
    return listCells(cells, (_, index) => verdicts[index] === 'allowed')
  }

  override close(): void {
    this.servers.close()
    super.close()
  }
}

/** The gateway of bridged pods; routed ones have the same, although they do not use it. */
function gatewayTexts(node: LabNode): [string, string] {
  if (node.layout === 'bridge') return gatewaysOf(node)
  return addressTexts({ address4: podNetworkAddress(4, node.index, 1), address6: podNetworkAddress(6, node.index, 1) })
}

function nodePlace(node: LabNode): NodePlace {
  const [v4, v6] = gatewayTexts(node).map(literalAddress)
  return { name: node.name, ...addressesOf(node), gateway: { v4: v4!, v6: v6! } }
}

function addressesOf({ address4, address6 }: Pick<Host, 'address4' | 'address6'>) {
  return { v4: address4, v6: address6 }
}
