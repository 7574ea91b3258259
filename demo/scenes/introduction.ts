// What is about to be seen.
import colors from 'picocolors'
import { MARKS } from '../matrix-table.ts'
import type { Stage } from '../stage.ts'
import { count, say } from '../text.ts'

export function introduce({ cluster, node }: Stage): void {
  say(`\n${colors.bold('vethguard')} enforces Kubernetes NetworkPolicies and ClusterNetworkPolicies: its agent keeps a node's nftables equal to the cluster.`)
  say(`Here ${node.name} and its ${count(cluster.pods.length, 'pod')} (examples/) are network namespaces, with real servers and real connections:`)
  say(`${MARKS.open} answered, over IPv4 and over IPv6   ${MARKS.closed} no answer   ${MARKS.wrong} not as the policies say`)
}
