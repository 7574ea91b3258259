// What there is to look at when something failed: the tables and links of each node, and what the agents said.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { exec } from '../../../lab/namespace.ts'
import type { Agents } from './agents.ts'
import type { Cluster } from './cluster.ts'
import type { ClusterNode } from './cluster-node.ts'
import { kubectl } from './kubectl.ts'

const LOOKS: Readonly<Record<string, readonly string[]>> = {
  'vethguard.nft': ['sh', '-c', 'nft list table inet vethguard; nft list table bridge vethguard'],
  'ruleset.nft': ['nft', 'list', 'ruleset'],
  links: ['ip', 'address'],
  routes: ['sh', '-c', 'ip route; ip -6 route'],
  conntrack: ['conntrack', '-L'],
}

/** @param folder is made */
export async function keepEvidence(cluster: Cluster, agents: Agents | undefined, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'pods'), await kubectl(cluster, 'get', 'pods,services,networkpolicies', '--all-namespaces', '--output=wide'))
  for (const node of cluster.nodes) keepNode(node, folder)
  for (const [node, log] of await agents?.logs() ?? []) writeFileSync(join(folder, `agent-${node}.log`), log)
}

function keepNode({ name, namespace }: ClusterNode, folder: string): void {
  for (const [look, argv] of Object.entries(LOOKS)) writeFileSync(join(folder, `${name}-${look}`), attempt(namespace, argv))
}

/** What a node cannot show is no reason to show nothing. */
function attempt(namespace: string, argv: readonly string[]): string {
  try {
    return exec(namespace, argv)
  } catch (error) {
    return String(error)
  }
}
