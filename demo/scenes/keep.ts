// With --keep: what stands, how to play with it, how to take it away.
import colors from 'picocolors'
import { formatAddress } from '../../src/cluster/address.ts'
import type { Stage } from '../stage.ts'
import { heading, say } from '../text.ts'

/** @param remove program that removes everything */
export function sayHowToPlay(stage: Stage, remove: string): void {
  const { manifests, agentLog, cast: { clients, services }, node } = stage
  const database = services.find(({ actor }) => actor.name === 'data/postgres')
  heading(6, 'Everything stays: agent, servers and pods')
  const inNode = `ip netns exec ${node.namespace}`
  const lines: [string, string][] = [
    ['the rules', `${inNode} nft list table inet vethguard`],
    ['the counters', `${inNode} nft list counters table inet vethguard`],
    ['edit manifests', `sed -i 's/tier: jobs/tier: backend/' ${manifests}/pods/shop.yaml`],
    ['the agent\'s log', `tail -f ${agentLog}`],
  ]
  const reports = clients.find(({ name }) => name === 'shop/reports')
  if (reports !== undefined && database !== undefined) {
    const address = formatAddress(database.actor.host.address4)
    lines.splice(2, 0, ['connect', `ip netns exec ${reports.host.namespace} timeout 1 bash -c 'echo > /dev/tcp/${address}/${database.port}' && echo open`])
  }
  lines.push(['remove it all', remove])
  for (const [what, command] of lines) say(`${what.padEnd(16)} ${colors.cyan(command)}`)
}
