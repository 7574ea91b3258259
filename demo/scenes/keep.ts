// With --keep: what stands, how to play with it, how to take it away.
import colors from 'picocolors'
import { formatAddress } from '../../src/cluster/address.ts'
import { type Actor, pairOf, type Service } from '../cast.ts'
import { CLUSTER_EXAMPLES } from '../manifests.ts'
import type { Stage } from '../stage.ts'
import { heading, say } from '../text.ts'

/** @param remove program that removes everything */
export function sayHowToPlay(stage: Stage, remove: string): void {
  const { manifests, agentLog, node } = stage
  const { from: reports, to: database } = pairOf(stage.cast, 'shop/reports', 'data/postgres')
  heading(7, 'Everything stays: agent, servers and pods')
  const inNode = `ip netns exec ${node.namespace}`
  const commands: readonly [string, string][] = [
    ['rules', `${inNode} nft list table inet vethguard`],
    ['counters', `${inNode} nft list counters table inet vethguard`],
    ['log', `tail -f ${agentLog}`],
    ['edit', `sed -i 's/tier: jobs/tier: backend/' ${manifests}/pods/shop.yaml`],
    ['cluster', `cp -r ${CLUSTER_EXAMPLES} ${manifests}`],
    ['connect', connectCommand(reports, database)],
    ['remove', remove],
  ]
  for (const [what, command] of commands) say(`${what.padEnd(8)} ${colors.cyan(command)}`)
}

function connectCommand(from: Actor, { actor, port }: Service): string {
  const target = `/dev/tcp/${formatAddress(actor.host.address4)}/${port}`
  return `ip netns exec ${from.host.namespace} timeout 1 bash -c 'echo > ${target}' && echo open`
}
