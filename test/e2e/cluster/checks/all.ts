// The checks, in the order in which they run.
import { LAYOUTS, type Layout } from '../layout.ts'
import type { Release } from '../release.ts'
import type { Check } from './check.ts'
import { CLUSTER_DNS } from './cluster-dns.ts'
import { FIRST_PACKETS } from './first-packets.ts'
import { helmTestFails } from './helm-test-fails.ts'
import { KUBELET_PROBES } from './kubelet-probes.ts'
import { missingRights } from './missing-rights.ts'
import { NODE_LOCAL } from './node-local.ts'
import { REPLACED_POD, RESTARTED_CONTAINER } from './pod-life.ts'
import { helmTest, uninstall } from './release-life.ts'
import { leastRights } from './rights.ts'
import { rollingUpgrade } from './rolling-upgrade.ts'
import { CLUSTER_IP, HAIRPIN, NODE_PORT } from './services.ts'

/** With agents of any kind, and without. */
export const CHECKS: readonly Check[] = [
  NODE_LOCAL, KUBELET_PROBES, CLUSTER_IP, NODE_PORT, HAIRPIN, CLUSTER_DNS, REPLACED_POD, RESTARTED_CONTAINER, FIRST_PACKETS,
]

/** While a release is installed. A test that failed leaves its pod to look at, until the next one. */
export function releaseChecks(release: Release): Check[] {
  return [helmTestFails(release), helmTest(release), leastRights(release), rollingUpgrade(release)]
}

/** The end of a release, and what can be tried after it; which rights are needed depends on the API server alone. */
export function lastChecks(release: Release, layout: Layout): Check[] {
  return [uninstall(release), ...layout === firstOfItsKind(layout) ? missingRights(release, layout) : []]
}

function firstOfItsKind({ hasWatchList }: Layout): Layout | undefined {
  return LAYOUTS.find((layout) => layout.hasWatchList === hasWatchList)
}
