// The cloud's metadata service: a web server at well-known addresses, on a host of its own beyond the node.
import { externalNodeLines } from '../lab/external.ts'
import { addressTexts, type Host, literalAddress } from '../lab/host.ts'
import type { Lab } from '../lab/lab.ts'
import { ipBatch } from '../lab/namespace.ts'

export const METADATA_PORT = 80

/** An external host of the lab, by the addresses that clouds use and examples/cluster-policies names. */
export function metadataHost(external: Host): Host {
  return { ...external, name: 'metadata', address4: literalAddress('169.254.169.254'), address6: literalAddress('fd00:ec2::254') }
}

/** Gives the host these addresses, and nodes the way to them. */
export function wireMetadata(lab: Lab, metadata: Host): void {
  const [address4, address6] = addressTexts(metadata)
  ipBatch(metadata.namespace, [`addr add ${address4}/32 dev eth0`, `addr add ${address6}/128 dev eth0 nodad`])
  for (const { namespace } of lab.nodes) ipBatch(namespace, externalNodeLines(metadata))
}
