// The checks, in the order in which they run.
import type { Check } from './check.ts'
import { CLUSTER_DNS } from './cluster-dns.ts'
import { KUBELET_PROBES } from './kubelet-probes.ts'
import { NODE_LOCAL } from './node-local.ts'
import { REPLACED_POD, RESTARTED_CONTAINER } from './pod-life.ts'
import { CLUSTER_IP, HAIRPIN, NODE_PORT } from './services.ts'

export const CHECKS: readonly Check[] = [
  NODE_LOCAL, KUBELET_PROBES, CLUSTER_IP, NODE_PORT, HAIRPIN, CLUSTER_DNS, REPLACED_POD, RESTARTED_CONTAINER,
]
