// Which pod is behind which veth of this node, and what about the node is not as it should be.
//
//   VethTable ──veths──┐
//   Compiler ──pods────┴──▶ Guard ──delta──▶ (Agent)
import { familyOf } from '../cluster/address.ts'
import type { Problem } from '../cluster/change.ts'
import type { PodKey } from '../cluster/objects.ts'
import type { Compiler } from '../compiler/compiler.ts'
import type { Content, Delta } from '../nftables/content.ts'
import { throwUncaught } from '../base/defect.ts'
import { VethguardError } from '../base/errors.ts'
import { failureCode } from '../base/failure-code.ts'
import { OutageLog } from '../base/outage-log.ts'
import { Guard } from './guard.ts'
import { checkNode } from './node-checks.ts'
import type { AgentOptions, Veths } from '../agent/options.ts'
import { SearchTimes } from './search-times.ts'

export interface NodeBindingsOptions extends Pick<AgentOptions, 'nodeName' | 'spoofGuard' | 'veths' | 'observer' | 'log'> {
  readonly compiler: Compiler
  /** Veths changed: bind() may have something to say. */
  readonly onChange: () => void
  readonly onProblems: (object: string, problems: readonly Problem[]) => void
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
    this.#guard = new Guard(options.spoofGuard)
    const changed = (): void => {
      this.#vethRevision++
      this.#outages.links.end()
      this.#tell()
    }
    const outage = (endMessage: string): OutageLog => new OutageLog(options.log, { level: 'error', endMessage })
    this.#outages = { links: outage('the node\'s links are seen again'), settings: outage('the node\'s settings are seen again') }
    this.#veths = options.veths(changed, (error) => this.#linksFailed(error))
  }

  get content(): Content {
    return this.#guard.content
  }

  /** How many pods are to be guarded and cannot be, for their veths are not known. */
  get unguarded(): number {
    return this.#guard.unguarded.length
  }

  /** @throws SystemCallError, NetlinkError */
  start(): void {
    this.#veths.start()
  }

  /** Binds pods and veths anew where either changed. @returns what changes in the kernel; undefined: nothing */
  bind(): Delta | undefined {
    const { compiler } = this.#options
    const [pods, veths] = [compiler.localRevision, this.#vethRevision]
    if (this.#boundAt.pods === pods && this.#boundAt.veths === veths) return undefined
    const haveVethsChanged = this.#boundAt.veths !== veths
    const isClosed = (pod: PodKey): boolean => compiler.isIsolated(pod, 'ingress')
    const delta = this.#guard.update(compiler.localPods(), this.#veths.veths(), veths, isClosed)
    this.#boundAt = { pods, veths }
    this.#search.startOver()
    if (haveVethsChanged) this.checkNode()
    return delta
  }

  /** Somebody may mend, or break, what is not the agent's own. */
  checkNode(): void {
    try {
      this.#findProblems()
      this.#outages.settings.end()
    } catch (error) {
      if (!isOfSystem(error)) throw error
      this.#failed(this.#outages.settings, 'the node\'s settings cannot be seen; it is tried again', error)
    }
  }

  /** Looks again for veths that are missing, if it is time. */
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

  /** Whoever tells of veths catches errors of links: one of what is done about them must not pass for these. */
  #tell(): void {
    try {
      this.#options.onChange()
    } catch (error) {
      throwUncaught(error)
    }
  }

  #linksFailed(error: unknown): void {
    this.#failed(this.#outages.links, 'the node\'s links cannot be seen; it is tried again', error)
  }

  #failed(outage: OutageLog, message: string, error: unknown): void {
    this.#options.observer?.failed?.('veths', failureCode(error))
    outage.report(message, error)
  }
}

/** Of the kernel or of a file, as opposed to a defect. */
function isOfSystem(error: unknown): boolean {
  return error instanceof VethguardError || (error instanceof Error && 'syscall' in error)
}
