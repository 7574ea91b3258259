// All situations of ClusterNetworkPolicies.
import type { ClusterStory } from './place.ts'
import { STAGES } from './stages.ts'

export const CLUSTER_SITUATIONS: readonly ClusterStory[] = [...STAGES]
