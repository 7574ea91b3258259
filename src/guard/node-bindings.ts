// Which pod is behind which veth of this node, and which settings of the node are wrong.
//
//   VethTable ──veths──┐
//   Compiler ──pods────┴──▶ Guard ──delta──▶ (Agent)
import type { Logger } from 'pino'
import { throwUncaught } from '../base/defect.ts'
import { VethguardError } from '../base/errors.ts'
import { OutageLog } from '../base/outage-log.ts'
import { familyOf } from '../cluster/address.ts'
import type { Problem } from '../cluster/change.ts'
import type { Tunnel } from '../cluster/tunnel.ts'
import type { Compiler } from '../compiler/compiler.ts'
import type { Content, Delta } from '../nftables/content.ts'
import type { IsJudged } from './bindings.ts'
import { Guard } from './guard.ts'
import { checkNode } from './node-checks.ts'
import { SearchTimes } from './search-times.ts'
import type { FollowVeths, Veths } from './veths.ts'

export interface NodeBindingsOptions {
  readonly nodeName: string
  /** Whether source addresses are guarded. */
  readonly spoofGuard: boolean
  /** See AgentOptions. */
  readonly tunnels: readonly Tunnel[] | null
  readonly veths: FollowVeths
  readonly compiler: Compiler
  readonly log: Logger
  /** Veths changed: bind() may return a delta. */
  readonly onChange: () => void
  /** All problems of an object; an empty list if it has none any more. */
  readonly onProblems: (object: string, problems: readonly Problem[]) => void
  /** Links or settings of the node could not be read; that is logged and retried here. */
  readonly onFailure: (error: unknown) => void
}

export class NodeBindings {
  readonly #options: NodeBindingsOptions
  readonly #guard: Guard
  readonly #veths: Veths
  #boundAt = { pods: -1, veths: -1 }
  #vethRevision = 0
  readonly #search = new SearchTimes()
  readonly #outages: { readonly links: OutageLog; readonly settings: OutageLog }

  constructor(options: NodeBindingsOptions) {
    this.#options = options
    this.#guard = new Guard(options.spoofGuard, options.tunnels)
    const outage = (endMessage: string): OutageLog => new OutageLog(options.log, { level: 'error', endMessage })
    this.#outages = { links: outage('the node\'s links can be read again'), settings: outage('the node\'s settings can be read again') }
    this.#veths = options.veths(() => this.#vethsChanged(), (error) => this.#linksFailed(error))
  }

  get content(): Content {
    return this.#guard.content
  }

  /** Number of pods that should be guarded, but whose veths are not known. */
  get unguarded(): number {
    return this.#guard.unguarded.length
  }

  /** @throws SystemCallError, NetlinkError */
  start(): void {
    this.#veths.start()
  }

  /** Rebinds pods and veths if either changed. @returns what changes in the kernel; undefined: nothing */
  bind(): Delta | undefined {
    const { compiler } = this.#options
    const [pods, veths] = [compiler.localRevision, this.#vethRevision]
    if (this.#boundAt.pods === pods && this.#boundAt.veths === veths) return undefined
    const haveVethsChanged = this.#boundAt.veths !== veths
    const isJudged: IsJudged = (pod, way) => (
      way === 'own' ? compiler.isJudgedAtNode(pod) : compiler.isJudged(pod, way === 'in' ? 'ingress' : 'egress')
    )
    const delta = this.#guard.update(compiler.localPods(), this.#veths, veths, isJudged)
    this.#boundAt = { pods, veths }
    this.#search.startOver()
    if (haveVethsChanged) this.checkNode()
    return delta
  }

  /** Reports problems of the node. To be called now and then: an administrator may repair or break a setting at any time. */
  checkNode(): void {
    try {
      this.#findProblems()
      this.#outages.settings.end()
    } catch (error) {
      if (!isOfSystem(error)) throw error
      this.#failed(this.#outages.settings, 'cannot read the node\'s settings; retrying', error)
    }
  }

  /** Searches for missing veths again, if a search is due. */
  refresh(): void {
    if (this.#guard.unguarded.length === 0 || !this.#search.isDue(performance.now())) return
    try {
      this.#veths.refresh()
    } catch (error) {
      if (!isOfSystem(error)) throw error
      this.#linksFailed(error)
    }
  }

  async close(): Promise<void> {
    await this.#veths.close()
  }

  #findProblems(): void {
    const { nodeName: name, compiler, onProblems } = this.#options
    const bridges = new Set(Array.from(this.#veths.veths(), ({ bridge }) => bridge).filter((bridge) => bridge !== undefined))
    const hasIPv6Pods = compiler.localPods().some(({ hostNetwork, addresses }) => !hostNetwork && addresses.some((each) => familyOf(each) === 6))
    onProblems(`Node ${name}`, checkNode({ name, bridges: [...bridges].sort(), hasIPv6Pods, unguarded: this.#guard.unguarded }))
  }

  /** VethTable retries after netlink errors; an error of this callback is none, and must not be retried without the change. */
  #vethsChanged(): void {
    this.#vethRevision++
    this.#outages.links.end()
    try {
      this.#options.onChange()
    } catch (error) {
      throwUncaught(error)
    }
  }

  #linksFailed(error: unknown): void {
    this.#failed(this.#outages.links, 'cannot read the node\'s links; retrying', error)
  }

  #failed(outage: OutageLog, message: string, error: unknown): void {
    this.#options.onFailure(error)
    outage.report(message, error)
  }
}

/** Whether the kernel or a file is the cause, as opposed to a defect of the program. */
function isOfSystem(error: unknown): boolean {
  return error instanceof VethguardError || (error instanceof Error && 'syscall' in error)
}
