// From a node's kernel to the guard: every pod of the lab is bound to its veth, in both layouts.
import { expect, test } from '@jest/globals'
import type { Pod } from '../../../src/cluster/objects.ts'
import { bindPods, evidenceOf, guardElements } from '../../../src/guard/bindings.ts'
import { VethTable } from '../../../src/netlink/route/veths.ts'
import { Lab } from '../../../lab/lab.ts'
import type { LabPod } from '../../../lab/pod.ts'

function podOf({ name, node, address4, address6 }: LabPod): Pod {
  return {
    namespace: 'lab', name, uid: name, labels: {}, nodeName: node.name, addresses: [address4, address6], hostNetwork: false,
    phase: 'Running', terminating: false, ports: [], faulty: false,
  }
}

test.each(['routed', 'bridge'] as const)('%s layout', async (layout) => {
  const lab = Lab.create({ layout, podsPerNode: 4 })
  const [node] = lab.nodes
  const errors: Error[] = []
  const table = new VethTable({
    namespace: `/run/netns/${node!.namespace}`, onChange: () => undefined, onError: (error) => errors.push(error),
  })
  try {
    table.start()
    const { bindings, unbound } = bindPods(lab.pods.map(podOf), evidenceOf(table.veths()))
    expect(unbound).toEqual([])
    expect(Array.from(bindings, ([key, { ifname, bridged }]) => ({ key, ifname, bridged })))
      .toEqual(lab.pods.map(({ name, veth }) => ({ key: `lab/${name}`, ifname: veth, bridged: layout === 'bridge' })))
    expect(Array.from(guardElements(bindings, () => true), ([set, keys]) => `${set} ${keys.size}`))
      .toEqual(layout === 'bridge' ? ['ports 4', 'closed 4', 'closed_out 4', 'port4 4', 'port6 4'] : ['veths 4', 'closed_own 4', 'veth4 4', 'veth6 4'])
    expect(errors).toEqual([])
  } finally {
    await table.close()
    lab.close()
  }
})
