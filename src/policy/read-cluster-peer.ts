// One entry of `from` or `to` of a ClusterNetworkPolicy -> peers.
import { type Place, field, report } from '../cluster/fields.ts'
import { filledList, onlyField } from './crd-fields.ts'
import { readCidr } from './read-peer.ts'
import { readSelector } from './read-selector.ts'
import { type SubjectReading, readNamespaces, readPods } from './read-subject.ts'
import type { ClusterPeer, Direction } from './types.ts'

const INGRESS_KINDS = ['namespaces', 'pods'] as const
const EGRESS_KINDS = [...INGRESS_KINDS, 'networks', 'nodes', 'domainNames'] as const
const KINDS = { ingress: INGRESS_KINDS, egress: EGRESS_KINDS }

const READERS: Readonly<Record<(typeof EGRESS_KINDS)[number], (place: Place) => ClusterPeer[] | null>> = {
  namespaces: (place) => podPeer(readNamespaces(place)),
  pods: (place) => podPeer(readPods(place)),
  networks: readNetworks,
  nodes: readNodes,
  domainNames: (place) => report(place, 'domain names are not supported'),
}

/** Reads one entry; null (reported) if any part of it is not understood. */
export function readClusterPeer(place: Place, direction: Direction): ClusterPeer[] | null {
  const kind = onlyField(place, KINDS[direction])
  return kind === null ? null : READERS[kind](field(place, kind))
}

function podPeer({ subject, isWhole }: SubjectReading): ClusterPeer[] | null {
  return isWhole ? [{ kind: 'pods', ...subject }] : null
}

/** Masks host bits off and does not report them: API servers with CRDs of v0.2.0 stored them. */
function readNetworks(place: Place): ClusterPeer[] | null {
  const cidrs = filledList(place)?.map(readCidr) ?? [null]
  const peers = cidrs.flatMap((cidr) => (cidr === null ? [] : [{ kind: 'block' as const, cidr, except: [] }]))
  return peers.length === cidrs.length ? peers : null
}

function readNodes(place: Place): ClusterPeer[] | null {
  const nodes = readSelector(place)
  return nodes && [{ kind: 'nodes', nodes }]
}
