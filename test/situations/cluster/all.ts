// All situations of ClusterNetworkPolicies.
import { CHANGES } from './changes.ts'
import { NETWORKS } from './networks.ts'
import { PEERS } from './peers.ts'
import type { ClusterStory } from './place.ts'
import { PORTS } from './ports.ts'
import { PRIORITIES } from './priorities.ts'
import { STAGES } from './stages.ts'

export const CLUSTER_SITUATIONS: readonly ClusterStory[] = [...STAGES, ...PRIORITIES, ...PEERS, ...PORTS, ...NETWORKS, ...CHANGES]
