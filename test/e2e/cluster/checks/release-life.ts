// What Helm's commands do with a release in a real cluster.
import type { Release } from '../release.ts'
import { expectReach } from '../reach.ts'
import { until } from '../until.ts'
import { Unexpected } from '../unexpected.ts'
import type { Check } from './check.ts'
import { leftOfRelease, tablesOf } from './left-behind.ts'


export function helmTest(release: Release): Check {
  return {
    name: 'helm test succeeds',
    needsAgent: true,
    async run() {
      const output = await release.test()
      const phases = [...output.matchAll(/^Phase:\s+(\w+)/gm)].map(([, phase]) => phase)
      if (phases.length === 0 || phases.some((phase) => phase !== 'Succeeded')) throw new Unexpected([output])
    },
  }
}

export function uninstall(release: Release): Check {
  return {
    name: 'helm uninstall leaves nothing: no table and no file on any node, no object in the cluster; pods are not isolated any more',
    needsAgent: true,
    async run({ cluster, playground, nodes: [near, far] }) {
      await playground.policy('deny-all', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] })
      const server = await playground.pod('server', { node: near.name })
      const client = await playground.pod('client', { node: far.name })
      await expectReach([{ from: client, to: server, outcome: 'timeout' }])
      if (tablesOf(cluster).length !== 4) throw new Unexpected(['not each node has both tables:', ...tablesOf(cluster)])
      await release.uninstall()
      await expectReach([{ from: client, to: server, outcome: 'open' }])
      let left: string[] = []
      const isGone = async (): Promise<boolean> => {
        left = await leftOfRelease(cluster)
        return left.length === 0
      }
      // Tables and most objects are gone when helm returns; kubelet sweeps its folders every now and then.
      await until('end of everything', isGone).catch((cause: unknown) => {
        throw new Unexpected(['left behind:', ...left], { cause })
      })
    },
  }
}
