// What an agent is made of.
import type { Logger } from 'pino'
import type { Veth } from '../cluster/veth.ts'
import type { Backend } from '../nftables/backend.ts'
import type { AgentObserver } from './observer.ts'
import type { Source } from '../source.ts'
import type { ReportOptions } from '../report/policy-reports.ts'

/** What the agent needs of VethTable. */
export interface Veths {
  start(): void
  veths(): Iterable<Veth>
  /** Reads the addresses behind all veths again: nobody tells when one is added late. */
  refresh(): void
  close(): Promise<void>
}

export interface AgentOptions extends ReportOptions {
  readonly nodeName: string
  readonly spoofGuard: boolean
  readonly source: Source
  readonly backend: Backend
  /** Makes the follower of the node's veths. It goes on after what it tells with onError. */
  readonly veths: (onChange: () => void, onError: (error: Error) => void) => Veths
  readonly log: Logger
  readonly observer?: AgentObserver
  /** How often it is looked whether the tables are still there and the node is fit, in ms. Default: 500. */
  readonly checkMs?: number
  /** How often everything in the kernel is compared with what it should have. Default: 180. */
  readonly compareSeconds?: number
}
