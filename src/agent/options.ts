// What an agent is made of.
import type { Logger } from 'pino'
import type { Sleep } from '../base/sleep.ts'
import type { Tunnel } from '../cluster/tunnel.ts'
import type { FollowVeths } from '../guard/veths.ts'
import type { Backend } from '../nftables/backend.ts'
import type { AgentObserver } from './observer.ts'
import type { Source } from '../source.ts'
import type { ReportOptions } from '../report/policy-reports.ts'

export interface AgentOptions extends ReportOptions {
  readonly nodeName: string
  readonly spoofGuard: boolean
  /** What pods may not send to their node, beside what its own tunnel devices unwrap; null: nothing is guarded. */
  readonly tunnels: readonly Tunnel[] | null
  readonly source: Source
  readonly backend: Backend
  readonly veths: FollowVeths
  readonly log: Logger
  readonly observer?: AgentObserver
  /** Waits before a refused transaction is retried. Default: by the clock. */
  readonly sleep?: Sleep
  /** How often it is looked whether the tables are still there and the node is fit, in ms. Default: 500. */
  readonly checkMs?: number
  /** How often everything in the kernel is compared with what it should have. Default: 180. */
  readonly compareSeconds?: number
}
